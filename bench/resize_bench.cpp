// Resizing as Pillow does it, at the sizes of the processors, on one thread and on all.
#include <benchmark/benchmark.h>

#include "omma/base/threads.h"
#include "omma/vision/resize.h"

namespace omma {
namespace {

void scale(benchmark::State& state, Size from, Size to, Resample resample, int threads) {
  Image image(from.width, from.height);
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] = uint8_t(i * 2654435761U >> 13);
  for (auto _ : state) benchmark::DoNotOptimize(resize(image, to.width, to.height, resample, threads));
  state.counters["pixels"] = benchmark::Counter(double(to.width) * to.height, benchmark::Counter::kIsIterationInvariantRate);
}

void add(const std::string& name, Size from, Size to, Resample resample) {
  for (const int threads : {1, available_threads()})
    benchmark::RegisterBenchmark(("resize/" + name + "/threads:" + std::to_string(threads)).c_str(), scale, from, to, resample,
                                 threads)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
}

const bool added = [] {
  add("photo_to_detector", {3000, 2000}, {1200, 800}, Resample::bilinear);
  add("photo_to_384_bicubic", {1920, 1080}, {384, 384}, Resample::bicubic);
  add("small_to_detector", {640, 480}, {1066, 800}, Resample::bilinear);
  return true;
}();

}  // namespace
}  // namespace omma
