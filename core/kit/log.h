/* log.h -- one event, one line: `time level room event key=value ... req=`. No personal data, no secrets. */
#pragma once
#include <kontor.h>

/* Writes a line to standard error (or the open log file). message is "event key=value ...". thread: any */
KT_PRINTF(3, 4) void log_line(kt_level level, const char *room, const char *message, ...);
void log_level(kt_level most);           /* default KT_LOG_INFO */
KT_MUST bool log_file(const char *path); /* NULL: standard error; reopened by calling it again */
/* The request whose id the thread's lines carry; NULL: none. The text is borrowed until the next call. */
void log_request(const char *request_id);
