/* The statistics of comparing variants. Shares are no money: here, and only here, the module counts in
 * floating point. */
#include <math.h>

#include "compare.h"

void arm_interval(struct arm a, double *share, double *low, double *high)
{
    const double z = 1.959963984540054; /* 97.5 % quantile of the normal distribution */
    double n = (double)a.calls;
    *share = *low = 0;
    *high = 1;
    if (a.calls <= 0)
        return;
    double p = (double)a.won / n, middle = p + z * z / (2 * n);
    double spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)), scale = 1 + z * z / n;
    *share = p;
    *low = (middle - spread) / scale;
    *high = (middle + spread) / scale;
}

double arms_alike(struct arm a, struct arm b)
{
    const double mixing = 0.05 *
                          0.05; /* variance of the differences that are thought of beforehand: 5 points */
    if (a.calls <= 0 || b.calls <= 0)
        return 1;
    double na = (double)a.calls, nb = (double)b.calls;
    double p = ((double)a.won + (double)b.won + 1) / (na + nb + 2); /* pooled; never 0 or 1 */
    double v = p * (1 - p) * (1 / na + 1 / nb);
    double d = (double)a.won / na - (double)b.won / nb;
    double ratio = sqrt(v / (v + mixing)) * exp(d * d * mixing / (2 * v * (v + mixing)));
    return ratio > 1 ? 1 / ratio : 1;
}
