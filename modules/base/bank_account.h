/* bank_account.h -- bank accounts as lines of a party or of a company. */
#pragma once
#include <kontor.h>

extern const kt_shape bank_account_shape;
/* Brings each IBAN into its normal form and checks it. returns all problems, under bank_accounts[i].iban */
KT_MUST kt_error *bank_accounts_check(kt_tx *tx, const kt_lines *accounts);
