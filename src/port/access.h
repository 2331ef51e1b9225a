// SPDX-License-Identifier: BSD-3-Clause
/// \file access.h
/// How the core touches memory that another processor touches meanwhile: single loads and stores
/// that cannot tear, barriers, and cache maintenance.
///
/// A barrier here reaches a peer in another shareability domain, another cluster or behind a bus:
/// the compilers' own atomics only promise to reach the other cores of one operating system.
/// A platform with needs of its own names a header that defines the three barriers in
/// YOKE_PORT_BARRIERS.
#ifndef YOKE_PORT_ACCESS_H
#define YOKE_PORT_ACCESS_H

#include <string.h>

#include <yoke/base.h>
#include <yoke/port.h>

#if defined(__SANITIZE_THREAD__)
#define YOKE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define YOKE_TSAN 1
#endif
#endif

#if defined(YOKE_PORT_BARRIERS)
#include YOKE_PORT_BARRIERS
#elif defined(__x86_64__) || defined(__i386__)
// Stores to ordinary memory stay in order, and so do loads: only store-then-load needs a fence.
#define YOKE_BARRIER_ACQUIRE() __asm__ volatile("" ::: "memory")
#define YOKE_BARRIER_RELEASE() __asm__ volatile("" ::: "memory")
#define YOKE_BARRIER_FULL() __asm__ volatile("mfence" ::: "memory")
#elif defined(__aarch64__)
#define YOKE_BARRIER_ACQUIRE() __asm__ volatile("dmb ld" ::: "memory")
#define YOKE_BARRIER_RELEASE() __asm__ volatile("dmb sy" ::: "memory")
#define YOKE_BARRIER_FULL() __asm__ volatile("dmb sy" ::: "memory")
#elif defined(__arm__)
#define YOKE_BARRIER_ACQUIRE() __asm__ volatile("dmb" ::: "memory")
#define YOKE_BARRIER_RELEASE() __asm__ volatile("dmb" ::: "memory")
#define YOKE_BARRIER_FULL() __asm__ volatile("dmb" ::: "memory")
#elif defined(__riscv)
#define YOKE_BARRIER_ACQUIRE() __asm__ volatile("fence ir, iorw" ::: "memory")
#define YOKE_BARRIER_RELEASE() __asm__ volatile("fence iorw, ow" ::: "memory")
#define YOKE_BARRIER_FULL() __asm__ volatile("fence iorw, iorw" ::: "memory")
#else
#error "unknown processor: define YOKE_PORT_BARRIERS, see PORTING.md"
#endif

/// For what every message passes through: in line, unless the build is for size.
#if defined(__OPTIMIZE_SIZE__) || !defined(__OPTIMIZE__)
#define YOKE_HOT static inline
#else
#define YOKE_HOT static inline __attribute__((always_inline))
#endif

/// Marks a condition that honest peers and callers with buffers to spare never meet.
#define YOKE_RARELY(condition) __builtin_expect((condition), 0)

// Shared fields are naturally aligned and at most 4 bytes wide, so one instruction loads or stores
// them on every processor, Cortex-M0+ included; relaxed atomics keep compilers from splitting,
// merging or repeating that instruction.
#define YOKE_LOAD(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define YOKE_STORE(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)

/// Copies bytes that the peer may change meanwhile, once: what is checked afterwards is the copy.
static inline void yoke_snapshot(void *to, const void *from, size_t size)
{
    memcpy(to, from, size);
    // Without this, a compiler may read the shared bytes again in place of the copy.
    __asm__ volatile("" ::: "memory");
}

/// The same for a descriptor or a header, in registers.
YOKE_HOT void yoke_snapshot16(void *to, const void *from)
{
#if UINTPTR_MAX > UINT32_MAX
    uint64_t words[2];

    memcpy(words, from, sizeof words);
    __asm__ volatile("" : "+r"(words[0]), "+r"(words[1]));
    memcpy(to, words, sizeof words);
#else
    // One by one: a copy of 4 bytes is one instruction, one of 16 is a loop or a call.
    const uint8_t *const bytes = from;
    uint32_t a, b, c, d;

    memcpy(&a, bytes, 4);
    memcpy(&b, bytes + 4, 4);
    memcpy(&c, bytes + 8, 4);
    memcpy(&d, bytes + 12, 4);
    __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
    memcpy(to, &a, 4);
    memcpy((uint8_t *)to + 4, &b, 4);
    memcpy((uint8_t *)to + 8, &c, 4);
    memcpy((uint8_t *)to + 12, &d, 4);
#endif
}

/// Loads the index or status that publishes other fields: what the peer stored before it is visible
/// afterwards. Partner: yoke_store*_release() on the other side.
///
/// Storing one comes after all stores before it. Partner: yoke_load*_acquire() on the other side.
#if defined(YOKE_TSAN)
// The sanitizer knows the compilers' atomics but not our barriers.
#define YOKE_ACQUIRE(type, name)                                                                   \
    static inline type name(const type *field)                                                     \
    {                                                                                              \
        return __atomic_load_n(field, __ATOMIC_ACQUIRE);                                           \
    }
#define YOKE_RELEASE(type, name)                                                                   \
    static inline void name(type *field, type value)                                               \
    {                                                                                              \
        __atomic_store_n(field, value, __ATOMIC_RELEASE);                                          \
    }
#else
#define YOKE_ACQUIRE(type, name)                                                                   \
    static inline type name(const type *field)                                                     \
    {                                                                                              \
        const type value = YOKE_LOAD(*field);                                                      \
        YOKE_BARRIER_ACQUIRE();                                                                    \
        return value;                                                                              \
    }
#define YOKE_RELEASE(type, name)                                                                   \
    static inline void name(type *field, type value)                                               \
    {                                                                                              \
        YOKE_BARRIER_RELEASE();                                                                    \
        YOKE_STORE(*field, value);                                                                 \
    }
#endif
YOKE_ACQUIRE(uint8_t, yoke_load8_acquire)
YOKE_ACQUIRE(uint16_t, yoke_load16_acquire)
YOKE_RELEASE(uint8_t, yoke_store8_release)
YOKE_RELEASE(uint16_t, yoke_store16_release)

/// Orders all stores before it against all loads after it.
/// Partner: the same barrier on the other side, between its store and its load.
static inline void yoke_barrier_full(void)
{
#if defined(YOKE_TSAN)
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
    YOKE_BARRIER_FULL();
}

// Builds for processors whose shared memory is coherent leave cache maintenance out altogether.
#ifndef YOKE_CACHE
#define YOKE_CACHE 0
#endif

/// Writes our cached stores back, so that the peer sees them.
static inline void yoke_clean(const struct yoke_port *port, const void *start, size_t size)
{
#if YOKE_CACHE
    if (port->clean != NULL) {
        port->clean(port->context, start, size);
    }
#else
    (void)port;
    (void)start;
    (void)size;
#endif
}

/// Drops our cached copy, so that the next load sees what the peer stored.
static inline void yoke_invalidate(const struct yoke_port *port, const void *start, size_t size)
{
#if YOKE_CACHE
    if (port->invalidate != NULL) {
        port->invalidate(port->context, start, size);
    }
#else
    (void)port;
    (void)start;
    (void)size;
#endif
}

#endif
