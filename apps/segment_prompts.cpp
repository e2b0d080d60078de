#include "apps/segment_prompts.h"

#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <cstring>

#include "omma/base/error.h"
#include "omma/io/tensor_file.h"

namespace omma::app {
namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

// The numbers of "1,2.5,3"; none where one of them is no number.
std::vector<float> numbers_of(const std::string& text) {
  std::vector<float> numbers;
  for (const std::string& part : split(text, ',')) {
    const std::size_t begin = std::min(part.find_first_not_of(' '), part.size());
    float number = 0;
    const auto [end, error] = std::from_chars(part.data() + begin, part.data() + part.size(), number);
    if (error != std::errc() || end != part.data() + part.size() || !std::isfinite(number)) return {};
    numbers.push_back(number);
  }
  return numbers;
}

PointPrompt read_point(const std::string& text) {
  const std::vector<float> numbers = numbers_of(text);
  const bool labelled = numbers.size() == 3 && (numbers[2] == 0 || numbers[2] == 1);
  check(numbers.size() == 2 || labelled, "--point: expected X,Y or X,Y,1 (of the object) or X,Y,0 (not of it), got \"{}\"", text);
  return {.x = numbers[0], .y = numbers[1], .foreground = !labelled || numbers[2] == 1};
}

Box read_box(const std::string& text) {
  const std::vector<float> numbers = numbers_of(text);
  check(numbers.size() == 4 && numbers[0] < numbers[2] && numbers[1] < numbers[3],
        "--box: expected X0,Y0,X1,Y1 with X0 < X1 and Y0 < Y1, got \"{}\"", text);
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}

}  // namespace

std::vector<SegmentationPrompt> read_prompts(const PromptFlags& flags) {
  SegmentationPrompt first;
  std::vector<SegmentationPrompt> objects;
  for (const std::string& text : flags.points) {
    if (text.find(';') == std::string::npos) {
      first.points.push_back(read_point(text));
      continue;
    }
    SegmentationPrompt& object = objects.emplace_back();
    for (const std::string& point : split(text, ';'))
      if (!point.empty()) object.points.push_back(read_point(point));
    check(!object.points.empty(), "--point: expected points joined by \";\", got \"{}\"", text);
  }
  if (!flags.mask.empty()) first.mask = read_mask_logits(flags.mask);
  if (flags.boxes.size() == 1) first.box = read_box(flags.boxes[0]);
  if (flags.boxes.size() > 1) {
    check(first.points.empty() && !first.mask,
          "--box: several boxes are an object each: expected no single points and no mask with them");
    for (const std::string& box : flags.boxes) objects.push_back({.points = {}, .box = read_box(box), .mask = {}});
  }
  if (!first.points.empty() || first.box || first.mask) objects.insert(objects.begin(), std::move(first));
  return objects;
}

MaskLogits read_mask_logits(const std::string& file) {
  const TensorFile contents = read_safetensors(file);
  const TensorView* logits = contents.find("logits");
  const bool is_map = logits != nullptr && logits->dtype == DType::f32 && logits->shape.size() >= 2 && logits->shape.size() <= 4;
  check(is_map, "--mask: {}: expected a tensor \"logits\" of float32, [1, H, W], as --out FILE.safetensors writes it", file);
  const auto& shape = logits->shape;
  for (std::size_t i = 0; i + 2 < shape.size(); ++i)
    check(shape[i] == 1, "--mask: {}: expected the logits of one mask, got [{}]", file, fmt::join(shape, ", "));
  const std::int64_t height = shape[shape.size() - 2], width = shape.back();
  check(height >= 1 && width >= 1 && height <= 65'535 && width <= 65'535, "--mask: {}: expected a map, got [{}]", file,
        fmt::join(shape, ", "));
  MaskLogits mask{.width = static_cast<int>(width), .height = static_cast<int>(height), .values = {}};
  mask.values.resize(logits->bytes.size() / sizeof(float));
  std::memcpy(mask.values.data(), logits->bytes.data(), logits->bytes.size());
  return mask;
}

void write_mask_logits(const std::string& file, const std::vector<const MaskLogits*>& masks) {
  std::vector<float> values;
  for (const MaskLogits* mask : masks) values.insert(values.end(), mask->values.begin(), mask->values.end());
  const std::int64_t height = masks.empty() ? 0 : masks[0]->height, width = masks.empty() ? 0 : masks[0]->width;
  const TensorView view{.name = "logits",
                        .dtype = DType::f32,
                        .shape = {std::ssize(masks), height, width},
                        .bytes = {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(float)}};
  write_safetensors(file, {&view, 1});
}

}  // namespace omma::app
