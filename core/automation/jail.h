/* jail.h -- takes everything from a process but its memory, its clock and one socket. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Prepares the filter of system calls, once, in the process that forks the workers. false: the kernel or
 * libseccomp refuses; no rule can run then. */
bool jail_prepare(void);
/* Confines this process for good: no files, no network, no new processes, no privileges, limited memory;
 * socket, which becomes descriptor 3, is all that stays open; it dies with its parent. false: not confined:
 * end the process. */
bool jail_enter(int *socket, size_t memory_max, int parent);
