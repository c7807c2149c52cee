/* zygote.c -- see zygote.h. The server holds the zygote by a socket; when it closes, the zygote ends, and the
 * kernel ends its workers. A worker is ended by a handle (pidfd), never by a number that may be another's by
 * then. */
#include "automation/zygote.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "automation/jail.h"
#include "automation/worker.h"

/* A heap that grows is there twice; the allocator's gaps and the C stack want room beside it: a stack that cannot
 * grow ends the process where Lua would say "overflow". */
#define WORKER_MEMORY_MAX (2 * WORKER_HEAP_MAX + ((size_t)64 << 20))
#define PATIENCE_S        5

static int control = -1; /* the server's end */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool asked; /* one worker is on its way, or lies in the socket */

/* ---- In the zygote ---- */

/* A worker's socket and handle; or neither, and instead of its number the jail's result, negative, or 0. */
static bool send_worker(int to, int socket, int pidfd, int pid)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } extra;
    memset(&extra, 0, sizeof extra);
    struct iovec body = {.iov_base = &pid, .iov_len = sizeof pid};
    struct msghdr message = {.msg_iov = &body,
        .msg_iovlen = 1,
        .msg_control = socket < 0 ? NULL : extra.bytes,
        .msg_controllen = socket < 0 ? 0 : sizeof extra.bytes};
    if (socket >= 0) {
        const int both[2] = {socket, pidfd};
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        *c = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof both)};
        memcpy(CMSG_DATA(c), both, sizeof both);
    }
    return sendmsg(to, &message, MSG_NOSIGNAL) >= 0;
}

static void become_worker(int socket, pid_t zygote)
{
    jail_result how = jail_enter(&socket, WORKER_MEMORY_MAX, zygote);
    const char told = (char)how; /* its first message: whether it is fit to serve */
    if (send(socket, &told, 1, MSG_NOSIGNAL) == 1 && how == JAIL_CLOSED)
        worker_main(socket);
    _exit(3);
}

static bool spawn(int to)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return send_worker(to, -1, -1, 0);
    pid_t zygote = getpid(), pid = fork();
    if (pid == 0)
        become_worker(pair[1], zygote);
    int pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    char told = 0; /* by one that has ended already: there is no handle to it */
    if (pid > 0 && pidfd < 0 && recv(pair[0], &told, 1, MSG_DONTWAIT) != 1)
        told = JAIL_PROCESS;
    bool sent = pidfd < 0 ? send_worker(to, -1, -1, -told) : send_worker(to, pair[0], pidfd, pid);
    close(pair[0]);
    close(pair[1]);
    if (pidfd >= 0)
        close(pidfd);
    return sent;
}

static void zygote_main(int socket) __attribute__((noreturn));
static void zygote_main(int socket)
{
    char request;
    (void)prctl(PR_SET_NAME, "kontor-rules", 0, 0, 0);
    (void)signal(SIGCHLD, SIG_IGN); /* the kernel buries the workers */
    (void)signal(SIGINT, SIG_IGN);  /* Ctrl-C in a terminal reaches all: the server decides */
    (void)signal(SIGTERM, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    (void)jail_prepare(); /* each worker tells when it failed */
    for (;;) {
        ssize_t n = recv(socket, &request, 1, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(0); /* the server is gone */
        if (!spawn(socket))
            _exit(1);
    }
}

/* ---- In the server ---- */

bool zygote_start(void)
{
    int pair[2];
    if (control >= 0)
        return true;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        (void)syscall(SYS_close_range, 3U, (unsigned)pair[1] - 1, 0); /* the server's end is among them */
        (void)syscall(SYS_close_range, (unsigned)pair[1] + 1, ~0U, 0);
        zygote_main(pair[1]);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return false;
    }
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    (void)setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    control = pair[0];
    return true;
}

static void ask_for_one(void)
{
    if (!asked)
        asked = control >= 0 && send(control, "w", 1, MSG_NOSIGNAL) == 1;
}

void zygote_prepare(void)
{
    pthread_mutex_lock(&lock);
    ask_for_one();
    pthread_mutex_unlock(&lock);
}

static bool receive_worker(int *socket, int *pidfd, int *pid)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } extra;
    int both[2] = {-1, -1};
    struct iovec body = {.iov_base = pid, .iov_len = sizeof *pid};
    struct msghdr message = {
        .msg_iov = &body, .msg_iovlen = 1, .msg_control = extra.bytes, .msg_controllen = sizeof extra.bytes};
    ssize_t n;
    do
        n = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof both))
        return false;
    memcpy(both, CMSG_DATA(c), sizeof both);
    *socket = both[0];
    *pidfd = both[1];
    return true;
}

/* The worker's first message. */
static jail_result receive_told(int socket)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    char told = JAIL_PROCESS;
    ssize_t n;
    (void)setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    do
        n = recv(socket, &told, 1, 0);
    while (n < 0 && errno == EINTR);
    return n == 1 && told >= 0 && told < JAIL_RESULTS ? (jail_result)told : JAIL_PROCESS;
}

bool zygote_take(int *socket, int *pidfd, int *pid, kt_text *why)
{
    static const kt_text gone = {"the process that makes them has ended: start the server again",
        "proces, który je tworzy, zakończył się: uruchom serwer ponownie"};
    static const kt_text none = {"the machine gives no further process", "system nie daje kolejnego procesu"};
    static const kt_text lacks[JAIL_RESULTS] = {
        [JAIL_USER] = {"its user cannot be changed (setresuid)", "nie można zmienić użytkownika (setresuid)"},
        [JAIL_PROCESS] = {"its privileges cannot be taken away (prctl)",
            "nie można odebrać mu uprawnień (prctl)"},
        [JAIL_FILES] = {"files cannot be forbidden to it (landlock)",
            "nie można zabronić mu dostępu do plików (landlock)"},
        [JAIL_LIMITS] = {"its resources cannot be limited (setrlimit, close_range)",
            "nie można ograniczyć jego zasobów (setrlimit, close_range)"},
        [JAIL_SYSTEM_CALLS] = {"its system calls cannot be filtered (seccomp)",
            "nie można filtrować jego wywołań systemowych (seccomp)"},
    };
    pthread_mutex_lock(&lock);
    ask_for_one();
    *pid = 0;
    bool reached = asked, taken = asked && receive_worker(socket, pidfd, pid);
    asked = false;
    ask_for_one();
    pthread_mutex_unlock(&lock);
    if (!taken) {
        *why = !reached ? gone : *pid < 0 && *pid > -JAIL_RESULTS ? lacks[-*pid] : none;
        return false;
    }
    jail_result told = receive_told(*socket);
    if (told == JAIL_CLOSED)
        return true;
    close(*socket);
    close(*pidfd);
    *why = lacks[told];
    return false;
}
