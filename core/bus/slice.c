/* slice.c -- since 6.12 Linux lets a thread say how long it likes to run at a time; its share of the processor stays
 * the same. Who has short slices is let in as soon as it wakes up, before whoever computes for longer: a read need
 * not wait until the writer has had its turn. Threads inherit it from the one that starts them. An older kernel takes
 * no notice. */
#include "bus/slice.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHORT_NS 500000 /* much shorter ones cost writes in switches what they save reads in waiting */

typedef struct { /* sched_attr(2), which glibc does not have yet */
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
} attributes;

static bool read_attributes(attributes *a)
{
    *a = (attributes){.size = sizeof *a};
    return syscall(SYS_sched_getattr, 0, a, sizeof *a, 0) == 0 && a->policy == SCHED_OTHER;
}

uint64_t slice_shorten(void)
{
    attributes a;
    if (!read_attributes(&a))
        return 0;
    uint64_t before = a.runtime_ns;
    a.runtime_ns = SHORT_NS;
    (void)syscall(SYS_sched_setattr, 0, &a, 0);
    return before;
}

void slice_restore(uint64_t before_ns)
{
    attributes a;
    if (!read_attributes(&a))
        return;
    a.runtime_ns = before_ns; /* 0: the system's own */
    (void)syscall(SYS_sched_setattr, 0, &a, 0);
}
