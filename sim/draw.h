/* Draws: numbers that look random and are a pure function of what they are drawn for. The whole
 * simulated organization is made of them, so that a million evaluations need no memory. */
#ifndef SIM_DRAW_H
#define SIM_DRAW_H

#include <stddef.h>
#include <stdint.h>

/* The finaliser of SplitMix64 (public domain, Sebastiano Vigna). */
static inline uint64_t draw_mix(uint64_t x) {
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9U;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

/* A new draw out of an older one and a number: draw_next(draw_next(seed, account), region). */
static inline uint64_t draw_next(uint64_t from, uint64_t number) {
    return draw_mix(from + (number + 1) * 0x9e3779b97f4a7c15U);
}

static inline uint64_t draw_text(uint64_t from, const char *text) {
    uint64_t hash = 0xcbf29ce484222325U; /* FNV-1a */
    for (const char *c = text; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3U;
    }
    return draw_next(from, hash);
}

/* 0 to count - 1. */
static inline size_t draw_below(uint64_t draw, size_t count) {
    return (size_t)(((draw >> 32) * (uint64_t)count) >> 32);
}

/* What the upper 32 bits of a draw must stay below, to come true with that probability. */
static inline uint64_t draw_threshold(double probability) {
    if (probability <= 0) {
        return 0;
    }
    return probability >= 1 ? (uint64_t)1 << 32 : (uint64_t)(probability * 4294967296.0);
}

static inline int draw_is_below(uint64_t draw, uint64_t threshold) {
    return (draw >> 32) < threshold;
}

#endif
