/* jail.c -- a worker's confinement. Each layer alone would hold most attacks; the filter of system calls is
 * loaded last, for it forbids what the others need. */
#include "automation/jail.h"

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SOCKET_FD 3
#define NOBODY    65534

static scmp_filter_ctx filter;

/* mmap without PROT_EXEC stands apart: see add_rules. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(futex),
#ifdef KONTOR_SANITIZED /* what the runtimes of ASan, UBSan and TSan call beside */
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(prctl),
    SCMP_SYS(mprotect),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(readlink),
    SCMP_SYS(clone),
    SCMP_SYS(wait4),
    SCMP_SYS(getrusage),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
#endif
};

static bool add_rules(void)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) != 0)
            return false;
    return seccomp_rule_add(
               filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

bool jail_prepare(void)
{
    if (filter)
        return true;
    filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter && add_rules())
        return true;
    seccomp_release(filter);
    filter = NULL;
    return false;
}

static bool only_socket(int *socket)
{
    if (*socket != SOCKET_FD && dup2(*socket, SOCKET_FD) < 0)
        return false;
    *socket = SOCKET_FD;
#ifdef KONTOR_SANITIZED /* a finding has to be seen */
    return syscall(SYS_close_range, SOCKET_FD + 1, ~0U, 0) == 0;
#else
    return syscall(SYS_close_range, 0, SOCKET_FD - 1, 0) == 0 &&
           syscall(SYS_close_range, SOCKET_FD + 1, ~0U, 0) == 0;
#endif
}

static size_t mapped_now(void)
{
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "re");
    if (statm) {
        if (fscanf(statm, "%lu", &pages) != 1) // NOLINT(cert-err34-c): the kernel wrote it
            pages = 0;
        fclose(statm);
    }
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static bool limit(int resource, rlim_t most)
{
    const struct rlimit to = {most, most};
    return setrlimit((__rlimit_resource_t)resource, &to) == 0;
}

static bool limit_resources(size_t memory_max)
{
#ifdef KONTOR_SANITIZED
    (void)memory_max; /* shadow memory is terabytes of address space */
    (void)mapped_now;
#else
    if (!limit(RLIMIT_AS, mapped_now() + memory_max))
        return false;
#endif
    return limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_MEMLOCK, 0) &&
           limit(RLIMIT_MSGQUEUE, 0) && limit(RLIMIT_NPROC, 0) && limit(RLIMIT_NOFILE, 0);
}

/* Every access to files that this kernel's landlock knows, and none allowed. A kernel without landlock has
 * the filter of system calls alone. */
static bool forbid_files(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return errno == ENOSYS || errno == EOPNOTSUPP;
    struct landlock_ruleset_attr rules = {
        .handled_access_fs = version == 1 ? (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1
                                          : (LANDLOCK_ACCESS_FS_REFER << 1) - 1,
    };
    long set = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    if (set < 0)
        return false;
    bool done = syscall(SYS_landlock_restrict_self, set, 0) == 0;
    close((int)set);
    return done;
}

static bool drop_user(void)
{
    return geteuid() != 0 ||
           (setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

/* After the change of user, which would undo it; a parent that has died meanwhile sends no signal. */
static bool die_with(int parent)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent;
}

jail_result jail_enter(int *socket, size_t memory_max, int parent)
{
    if (!drop_user())
        return JAIL_USER;
    if (!die_with(parent) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return JAIL_PROCESS;
    if (!forbid_files())
        return JAIL_FILES;
    if (!only_socket(socket) || !limit_resources(memory_max) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return JAIL_LIMITS;
    return filter && seccomp_load(filter) == 0 ? JAIL_CLOSED : JAIL_SYSTEM_CALLS;
}
