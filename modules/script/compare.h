/* compare.h -- which of two variants converts better, looked at after every call. */
#pragma once
#include <stdint.h>

struct arm {
    int64_t calls, won;
};
/* The share won, with the Wilson score interval at 95 %.
 * source: Wilson 1927; Brown, Cai, DasGupta 2001, "Interval Estimation for a Binomial Proportion" */
void arm_interval(struct arm a, double *share, double *low, double *high);
/* How unlikely it is that both convert alike: an always-valid p-value, which may be looked at after each call
 * without its error growing: 1 / the likelihood ratio of a mixture of differences.
 * source: Johari, Koomen, Pekelis, Walsh 2022, "Always Valid Inference: Continuous Monitoring of A/B Tests" */
double arms_alike(struct arm a, struct arm b);
