#include "omma/io/finite.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/base/threads.h"
#include "omma/io/quote.h"

namespace omma {
namespace {

// `exponent` are the bits of a number's exponent, which NaN and the infinities alone have all set.
template <class Word>
std::optional<std::size_t> find_full_exponent(std::span<const std::uint8_t> bytes, Word exponent) {
  constexpr std::size_t block = 1024;  // elements, looked at together so that the loop is vectors
  const auto is_full = [&](std::size_t i) {
    Word word;
    std::memcpy(&word, bytes.data() + sizeof word * i, sizeof word);  // at any alignment
    return (word & exponent) == exponent;
  };
  const std::size_t count = bytes.size() / sizeof(Word);
  for (std::size_t begin = 0; begin < count; begin += block) {
    const std::size_t end = std::min(begin + block, count);
    Word found = 0;
    for (std::size_t i = begin; i < end; ++i) found |= static_cast<Word>(is_full(i));
    for (std::size_t i = begin; found != 0 && i < end; ++i)
      if (is_full(i)) return i;
  }
  return std::nullopt;
}

// A part of a tensor that one thread reads.
struct Piece {
  std::size_t tensor;  // its number
  std::size_t begin;   // elements
  TensorView part;
  std::optional<std::size_t> found = std::nullopt;
};

std::vector<Piece> pieces_of(std::span<const TensorView* const> tensors) {
  constexpr std::size_t piece_bytes = std::size_t{4} << 20;
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const TensorView& tensor = *tensors[i];
    for (std::size_t begin = 0; begin < tensor.bytes.size(); begin += piece_bytes) {
      const auto bytes = tensor.bytes.subspan(begin, std::min(piece_bytes, tensor.bytes.size() - begin));
      pieces.push_back({i, begin / bytes_of(tensor.dtype), {.name = {}, .dtype = tensor.dtype, .shape = {}, .bytes = bytes}});
    }
  }
  return pieces;
}

}  // namespace

std::optional<std::size_t> find_non_finite(const TensorView& tensor) {
  switch (tensor.dtype) {
    case DType::f64:
      return find_full_exponent<std::uint64_t>(tensor.bytes, 0x7FF0'0000'0000'0000);
    case DType::f32:
      return find_full_exponent<std::uint32_t>(tensor.bytes, 0x7F80'0000);
    case DType::f16:
      return find_full_exponent<std::uint16_t>(tensor.bytes, 0x7C00);
    case DType::bf16:
      return find_full_exponent<std::uint16_t>(tensor.bytes, 0x7F80);
    default:
      return std::nullopt;
  }
}

void expect_finite(std::span<const TensorView* const> tensors, std::string_view where) {
  std::vector<Piece> pieces = pieces_of(tensors);
  parallel_for(static_cast<std::int64_t>(pieces.size()), available_threads(), [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      pieces[i].found = find_non_finite(pieces[i].part);
  });
  Faults faults{std::string(where)};
  for (std::size_t i = 0, named = tensors.size(); i < pieces.size(); ++i) {
    if (!pieces[i].found || pieces[i].tensor == named) continue;
    named = pieces[i].tensor;
    faults.add("tensor {}: expected numbers, element {} is NaN or infinite", quote(tensors[named]->name),
               pieces[i].begin + *pieces[i].found);
  }
  faults.raise(3);
}

}  // namespace omma
