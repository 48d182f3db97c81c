/* Process: what each of our programs does first, whatever it is for. */
#ifndef APP_PROCESS_H
#define APP_PROCESS_H

/* Opens /dev/null for standard descriptors that are closed, forbids core files (keys are in
 * memory), raises the limit of open files to 4096 where that is allowed, and ignores SIGPIPE (a
 * write then fails with EPIPE). To be called once, before any file is opened. Cannot fail: where
 * the system refuses one of these, the program works without it. */
void process_prepare(void);

#endif
