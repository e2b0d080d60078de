#include "omma/io/clip_reader.h"

#include <algorithm>

#include "omma/base/error.h"

namespace omma {

void DecodingBudget::restart() {
  constexpr double for_ever = 1e8;  // seconds: a clock's units would overflow
  const std::chrono::duration<double> left(std::min(limits_.deadline, for_ever));
  deadline_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(left);
  decoded_pixels_ = 0;
}

void DecodingBudget::expect_time() const {
  if (is_late()) fail_late();
}

void DecodingBudget::fail_late() const { fail_runtime("{}: reading took longer than {:.6g} seconds", name_, limits_.deadline); }

void DecodingBudget::expect_size(std::int64_t width, std::int64_t height) const {
  check(width <= limits_.frame_pixels && height <= limits_.frame_pixels && width * height <= limits_.frame_pixels,
        "{}: expected frames of at most {} pixels, got {} x {}", name_, limits_.frame_pixels, width, height);
}

void DecodingBudget::expect_frames(std::int64_t count) const {
  check(count <= limits_.frames, "{}: expected at most {} frames", name_, limits_.frames);
}

void DecodingBudget::expect_seconds(double duration) const {
  check(duration <= limits_.seconds, "{}: expected at most {:.6g} seconds, got {:.6g}", name_, limits_.seconds, duration);
}

void DecodingBudget::fail_of_memory() const {
  fail("{}: expected decoding to take at most {} bytes of memory", name_, limits_.memory);
}

void DecodingBudget::spend(std::int64_t width, std::int64_t height) {
  check((decoded_pixels_ += width * height) <= limits_.decoded_pixels,
        "{}: expected at most {} pixels on the way to the frames taken", name_, limits_.decoded_pixels);
}

std::unique_ptr<ClipReader> open_clip(const ClipPlace& place, DecodingBudget& budget) {
  std::error_code unknown;  // which opening it tells
  if (!place.bytes && std::filesystem::is_directory(place.path, unknown))
    return open_picture_folder(place.path, place.picture_rate, budget);
  std::shared_ptr<const ByteSource> source = place.bytes ? memory_source(*place.bytes) : file_source(place.path);
  const std::int64_t limit = budget.limits().file_bytes;
  check(source->size() <= limit, "{}: expected at most {} bytes, got {}", budget.name(), limit, source->size());
  constexpr int header = 64;
  if (begins_webp_animation(first_bytes(*source, header, budget.name()))) return open_webp_animation(*source, budget);
  return open_video_container(std::move(source), budget);
}

}  // namespace omma
