/* echo_nng.c -- the raw side of the bus: an nng REP socket with 256 contexts that answers every request with
 * a fixed number of bytes. Usage: echo_nng URL REPLY_BYTES */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONTEXTS = 256 };

typedef struct {
    nng_ctx ctx;
    nng_aio *aio;
    bool sending;
} worker;

static size_t reply_bytes;

static void step(void *argument)
{
    worker *w = argument;
    if (nng_aio_result(w->aio) != 0)
        return;
    if (!w->sending) {
        nng_msg *message = nng_aio_get_msg(w->aio);
        nng_msg_clear(message);
        if (nng_msg_realloc(message, reply_bytes) != 0)
            exit(1);
        memset(nng_msg_body(message), 'x', reply_bytes);
        nng_aio_set_msg(w->aio, message);
        w->sending = true;
        nng_ctx_send(w->ctx, w->aio);
    } else {
        w->sending = false;
        nng_ctx_recv(w->ctx, w->aio);
    }
}

int main(int argc, char **argv)
{
    static worker workers[CONTEXTS];
    nng_socket socket;
    if (argc != 3)
        return 2;
    reply_bytes = strtoul(argv[2], NULL, 10);
    if (nng_rep0_open(&socket) != 0 || nng_listen(socket, argv[1], NULL, 0) != 0) {
        fprintf(stderr, "echo_nng: cannot listen on %s\n", argv[1]);
        return 1;
    }
    for (int i = 0; i < CONTEXTS; i++) {
        if (nng_ctx_open(&workers[i].ctx, socket) != 0 ||
            nng_aio_alloc(&workers[i].aio, step, &workers[i]) != 0)
            return 1;
        nng_ctx_recv(workers[i].ctx, workers[i].aio);
    }
    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}
