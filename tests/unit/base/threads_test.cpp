#include "omma/base/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace omma {
namespace {

TEST(Threads, EveryIndexOnce) {
  for (const int threads : {1, 2, 5, 100}) {
    std::vector<std::atomic<int>> seen(37);
    parallel_for(37, threads, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
    });
    for (const auto& count : seen) EXPECT_EQ(count, 1);
  }
  parallel_for(0, 4, [](std::int64_t, std::int64_t) { FAIL(); });
}

TEST(Threads, RethrowsThePiecesError) {
  EXPECT_THROW(parallel_for(4, 2,
                            [](std::int64_t begin, std::int64_t) {
                              if (begin > 0) throw std::runtime_error("x");
                            }),
               std::runtime_error);
}

TEST(Threads, AtLeastOne) { EXPECT_GE(available_threads(), 1); }

}  // namespace
}  // namespace omma
