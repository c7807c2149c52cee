/* version.h -- the server's own version. */
#pragma once

#define KONTOR_VERSION "0.1.0"
