// How many threads and how much memory this process may use, and a loop over threads.
#pragma once

#include <cstdint>
#include <functional>

namespace omma {

// What the affinity mask and the cgroup's CPU quota allow, at least 1.
int available_threads();

// In bytes: the machine's memory, or what the cgroup allows.
std::int64_t available_memory();

// Calls body(begin, end) for pieces of [0, count) on up to `threads` threads, the caller's among them, and waits. Pieces are
// contiguous and in order of the index. The first exception of a piece is rethrown after all have ended.
void parallel_for(std::int64_t count, int threads, const std::function<void(std::int64_t begin, std::int64_t end)>& body);

}  // namespace omma
