/* jail.h -- takes everything from a process but its memory, its clock and one socket. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* What could not be taken away: the first of it. */
typedef enum {
    JAIL_CLOSED,
    JAIL_USER,
    JAIL_PROCESS,
    JAIL_FILES,
    JAIL_LIMITS,
    JAIL_SYSTEM_CALLS,
    JAIL_RESULTS,
} jail_result;

/* Prepares the filter of system calls, once, in the process that forks the workers. false: the kernel or
 * libseccomp refuses; jail_enter will say so. */
bool jail_prepare(void);
/* Confines this process for good: no files, no network, no new processes, no privileges, limited memory;
 * socket, which becomes descriptor 3, is all that stays open; it dies with its parent. Whatever else it returns
 * than JAIL_CLOSED: the process is not confined and has to end. */
jail_result jail_enter(int *socket, size_t memory_max, int parent);
