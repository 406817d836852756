/* What the modes share. Items are called item-NNNNNNN; each is a folder with one file, data. */
#pragma once

extern int items, batch;
extern int staging, live, aside;

_Noreturn void fail(const char *what, ...);
void item_name(char *name, int item);
void sync_parents(void);

/* steps.c */
void commit_by_steps(void);
