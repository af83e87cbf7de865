// Tells the thread sanitizer of the part of Swift's mutexes that it cannot see.
//
// On Linux `Synchronization.Mutex` hands a lock that is contended from thread to thread inside a library that is not
// instrumented, so that everything behind a mutex would count as a race. Its functions are called by way of these, which
// name the hand-over; a program of a contended mutex and nothing else shows the difference. Empty without the sanitizer.
#include "swift_mutex.h"

#if __has_feature(thread_sanitizer)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// `Synchronization._MutexHandle._lockSlow(UInt32)`, `_tryLockSlow()` and `_unlockSlow()`; the mutex is what they are
// called on.
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SELF __attribute__((swift_context)) void *

void __tsan_acquire(void *);
void __tsan_release(void *);
__attribute__((swiftcall)) void volley_lock(uint32_t thread, SELF mutex) __asm__(LOCK);
__attribute__((swiftcall)) bool volley_try_lock(SELF mutex) __asm__(TRY_LOCK);
__attribute__((swiftcall)) void volley_unlock(SELF mutex) __asm__(UNLOCK);

__attribute__((swiftcall)) void volley_lock(uint32_t thread, SELF mutex) {
    __attribute__((swiftcall)) void (*next)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK);
    next(thread, mutex);
    __tsan_acquire(mutex);
}

__attribute__((swiftcall)) bool volley_try_lock(SELF mutex) {
    __attribute__((swiftcall)) bool (*next)(SELF) = dlsym(RTLD_NEXT, TRY_LOCK);
    const bool is_locked = next(mutex);
    if (is_locked) __tsan_acquire(mutex);
    return is_locked;
}

__attribute__((swiftcall)) void volley_unlock(SELF mutex) {
    __attribute__((swiftcall)) void (*next)(SELF) = dlsym(RTLD_NEXT, UNLOCK);
    __tsan_release(mutex);
    next(mutex);
}
#endif
