// Loops on LibTorch's own threads.
#pragma once

#include <cstdint>
#include <functional>

namespace omma {

// Calls body(begin, end) on pieces of [0, count), each of at least `grain`, on at most at::get_num_threads() threads; returns when
// all have returned, and throws what one of them threw. Where this compiler cannot share LibTorch's thread pool, one piece.
//
// at::parallel_for by itself is serial in a file compiled without OpenMP, silently; this one's file is compiled with it.
void torch_parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body);

}  // namespace omma
