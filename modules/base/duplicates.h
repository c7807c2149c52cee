/* duplicates.h -- the service that base offers, for base.c's table. */
#pragma once
#include <kontor/parties.h>

extern const kt_parties parties_service;
