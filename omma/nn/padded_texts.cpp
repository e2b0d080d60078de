#include "omma/nn/padded_texts.h"

#include <algorithm>

#include "omma/base/error.h"

namespace omma {

PaddedTexts tokenize_texts(const Tokenizer& tokenizer, std::span<const std::string> texts, int64_t max_tokens, int64_t pad,
                           LongTexts longer, EmptyTexts empty) {
  std::vector<std::vector<int64_t>> rows;
  std::size_t longest = 0, shortest = static_cast<std::size_t>(max_tokens);
  for (const std::string& text : texts) {
    const Encoding encoding = tokenizer.encode(text, {.add_special_tokens = true, .parse_special = false});
    check(empty == EmptyTexts::keep || std::ranges::count(encoding.from_template, 0) > 0,
          "text: expected at least one token, got \"{}\"", text.substr(0, 100));
    const bool fits = std::ssize(encoding.ids) <= max_tokens;
    check(fits || longer == LongTexts::cut, "text: expected at most {} tokens, got {}: \"{}\"", max_tokens, encoding.ids.size(),
          text.substr(0, 100));
    rows.emplace_back(encoding.ids.begin(), encoding.ids.end());
    if (!fits) rows.back().erase(rows.back().begin() + max_tokens - 1, rows.back().end() - 1);
    longest = std::max(longest, rows.back().size());
    shortest = std::min(shortest, rows.back().size());
  }
  PaddedTexts result;
  result.input_ids = torch::full({std::ssize(rows), static_cast<int64_t>(longest)}, pad, torch::kLong);
  Tensor lengths = torch::empty({std::ssize(rows), 1}, torch::kLong);
  for (int64_t r = 0; r < std::ssize(rows); ++r) {
    const auto& row = rows[static_cast<std::size_t>(r)];
    std::copy(row.begin(), row.end(), result.input_ids.data_ptr<int64_t>() + r * result.input_ids.size(1));
    lengths.data_ptr<int64_t>()[r] = std::ssize(row);
  }
  if (shortest < longest) result.mask = torch::arange(static_cast<int64_t>(longest)) < lengths;
  return result;
}

std::vector<std::string> filled_up(std::size_t pictures, std::span<const std::vector<std::string>> texts) {
  check(pictures == texts.size(), "match: expected a list of texts a picture, got {} of {}", texts.size(), pictures);
  std::size_t longest = 0;
  for (const auto& list : texts) longest = std::max(longest, list.size());
  std::vector<std::string> all;
  for (const auto& list : texts) {
    check(!list.empty(), "match: expected at least one text a picture");
    for (std::size_t i = 0; i < longest; ++i) all.push_back(list[i < list.size() ? i : 0]);
  }
  return all;
}

std::vector<std::vector<float>> rows_of(const Tensor& matrix) {
  const Tensor values = matrix.to(torch::kCPU, torch::kFloat32).contiguous();
  std::vector<std::vector<float>> rows;
  for (int64_t r = 0; r < values.size(0); ++r) {
    const float* row = values.const_data_ptr<float>() + r * values.size(1);
    rows.emplace_back(row, row + values.size(1));
  }
  return rows;
}

}  // namespace omma
