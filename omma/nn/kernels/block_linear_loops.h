// The loops of block_linear_kernel.h over a SIMD type (simd_bytes_*.h). Included once by the file of each instruction set;
// everything here has internal linkage, so that each keeps its own code.
//
// Whatever its type, a group of 32 weights is y = scale q + min, q bytes, scale and min one for the group or one for each half.
// With x = s p, its part of the sum is then scale s (q . p) + min s (1 . p), of which the second product is known before
// (ByteRows).
#pragma once

#include "omma/io/gguf_layout.h"
#include "omma/nn/kernels/block_linear_kernel.h"

namespace omma {
namespace {

template <class Simd>
struct Group {
  typename Simd::Bytes q;
  typename Simd::Floats scale, min;
};

// A type of blocks: the group that one is, or of blocks of 256 what all their groups share and group g. `has_min`: q is unsigned
// and `min` counts; else q is signed.

struct Q8_0 {
  using Block = BlockQ8_0;
  static constexpr bool has_min = false;
  template <class Simd>
  static Group<Simd> group(const Block& block) {
    return {Simd::load(block.qs), Simd::broadcast(Simd::half(block.d)), Simd::broadcast(0)};
  }
};

struct IQ4_NL {
  using Block = BlockIQ4_NL;
  static constexpr bool has_min = false;
  template <class Simd>
  static Group<Simd> group(const Block& block) {
    return {Simd::look_up(Simd::nibbles(block.qs), iq4_nl_table), Simd::broadcast(Simd::half(block.d)), Simd::broadcast(0)};
  }
};

struct Q4_0 {
  using Block = BlockQ4_0;
  static constexpr bool has_min = true;
  template <class Simd>
  static Group<Simd> group(const Block& block) {
    const float d = Simd::half(block.d);
    return {Simd::nibbles(block.qs), Simd::broadcast(d), Simd::broadcast(-8 * d)};
  }
};

struct Q4_1 {
  using Block = BlockQ4_1;
  static constexpr bool has_min = true;
  template <class Simd>
  static Group<Simd> group(const Block& block) {
    return {Simd::nibbles(block.qs), Simd::broadcast(Simd::half(block.d)), Simd::broadcast(Simd::half(block.m))};
  }
};

struct Q5_0 {
  using Block = BlockQ5_0;
  static constexpr bool has_min = true;
  template <class Simd>
  static Group<Simd> group(const Block& block) {
    const float d = Simd::half(block.d);
    return {Simd::either(Simd::nibbles(block.qs), Simd::bits(block.qh, 16)), Simd::broadcast(d), Simd::broadcast(-16 * d)};
  }
};

struct Q5_1 {
  using Block = BlockQ5_1;
  static constexpr bool has_min = true;
  template <class Simd>
  static Group<Simd> group(const Block& block) {
    return {Simd::either(Simd::nibbles(block.qs), Simd::bits(block.qh, 16)), Simd::broadcast(Simd::half(block.d)),
            Simd::broadcast(Simd::half(block.m))};
  }
};

// Of blocks of 256: y = scale q + min of each sub-block.
template <int kParts>
struct PartScales {
  float scale[kParts], min[kParts];
};

struct Q2_K {
  using Block = BlockQ2_K;
  using Shared = PartScales<16>;
  static constexpr bool has_min = true;
  template <class Simd>
  static Shared shared(const Block& block) {
    Shared parts;
    const float d = Simd::half(block.d), dmin = Simd::half(block.dmin);
    for (int i = 0; i < 16; ++i) {
      parts.scale[i] = d * static_cast<float>(block.scales[i] & 15);
      parts.min[i] = -dmin * static_cast<float>(block.scales[i] >> 4);
    }
    return parts;
  }
  template <class Simd>
  static Group<Simd> group(const Block& block, const Shared& parts, int g) {
    const auto q = Simd::masked(Simd::shifted_right(Simd::load(block.qs + g / 4 * 32), g % 4 * 2), 3);
    return {q, Simd::halves(parts.scale + 2 * g), Simd::halves(parts.min + 2 * g)};
  }
};

struct Q3_K {
  using Block = BlockQ3_K;
  using Shared = PartScales<16>;
  static constexpr bool has_min = true;
  template <class Simd>
  static Shared shared(const Block& block) {
    Shared parts;
    const float d = Simd::half(block.d);
    for (int i = 0; i < 16; ++i) {
      const int low = i < 8 ? block.scales[i] & 15 : block.scales[i - 8] >> 4;
      const int high = block.scales[8 + i % 4] >> (i / 4 * 2) & 3;
      parts.scale[i] = d * static_cast<float>((low | high << 4) - 32);
      parts.min[i] = -4 * parts.scale[i];
    }
    return parts;
  }
  template <class Simd>
  static Group<Simd> group(const Block& block, const Shared& parts, int g) {
    const auto low = Simd::masked(Simd::shifted_right(Simd::load(block.qs + g / 4 * 32), g % 4 * 2), 3);
    const auto high = Simd::shifted_left(Simd::masked(Simd::shifted_right(Simd::load(block.hmask), g), 1), 2);
    return {Simd::either(low, high), Simd::halves(parts.scale + 2 * g), Simd::halves(parts.min + 2 * g)};
  }
};

// Of Q4_K and Q5_K.
template <class Simd, class Block>
PartScales<8> shared_of_eight(const Block& block) {
  PartScales<8> parts;
  const float d = Simd::half(block.d), dmin = Simd::half(block.dmin);
  for (int i = 0; i < 4; ++i) {
    const int lower = block.scales[i], upper = block.scales[4 + i], both = block.scales[8 + i];
    parts.scale[i] = d * static_cast<float>(lower & 63);
    parts.min[i] = -dmin * static_cast<float>(upper & 63);
    parts.scale[4 + i] = d * static_cast<float>((both & 15) | (lower >> 6) << 4);
    parts.min[4 + i] = -dmin * static_cast<float>(both >> 4 | (upper >> 6) << 4);
  }
  return parts;
}

struct Q4_K {
  using Block = BlockQ4_K;
  using Shared = PartScales<8>;
  static constexpr bool has_min = true;
  template <class Simd>
  static Shared shared(const Block& block) {
    return shared_of_eight<Simd>(block);
  }
  template <class Simd>
  static Group<Simd> group(const Block& block, const Shared& parts, int g) {
    const auto q = Simd::masked(Simd::shifted_right(Simd::load(block.qs + g / 2 * 32), g % 2 * 4), 15);
    return {q, Simd::broadcast(parts.scale[g]), Simd::broadcast(parts.min[g])};
  }
};

struct Q5_K {
  using Block = BlockQ5_K;
  using Shared = PartScales<8>;
  static constexpr bool has_min = true;
  template <class Simd>
  static Shared shared(const Block& block) {
    return shared_of_eight<Simd>(block);
  }
  template <class Simd>
  static Group<Simd> group(const Block& block, const Shared& parts, int g) {
    const auto low = Simd::masked(Simd::shifted_right(Simd::load(block.qs + g / 2 * 32), g % 2 * 4), 15);
    const auto high = Simd::shifted_left(Simd::masked(Simd::shifted_right(Simd::load(block.qh), g), 1), 4);
    return {Simd::either(low, high), Simd::broadcast(parts.scale[g]), Simd::broadcast(parts.min[g])};
  }
};

struct Q6_K {
  using Block = BlockQ6_K;
  using Shared = PartScales<16>;
  static constexpr bool has_min = true;
  template <class Simd>
  static Shared shared(const Block& block) {
    Shared parts;
    const float d = Simd::half(block.d);
    for (int i = 0; i < 16; ++i) {
      parts.scale[i] = d * static_cast<float>(block.scales[i]);
      parts.min[i] = -32 * parts.scale[i];
    }
    return parts;
  }
  template <class Simd>
  static Group<Simd> group(const Block& block, const Shared& parts, int g) {
    const int half = g / 4, part = g % 4;
    const auto low = Simd::masked(Simd::shifted_right(Simd::load(block.ql + half * 64 + part % 2 * 32), part / 2 * 4), 15);
    const auto high = Simd::masked(Simd::shifted_right(Simd::load(block.qh + half * 32), part * 2), 3);
    return {Simd::either(low, Simd::shifted_left(high, 4)), Simd::halves(parts.scale + 2 * g), Simd::halves(parts.min + 2 * g)};
  }
};

template <class Type>
constexpr int kGroups = static_cast<int>(Type::Block::elements / kGroup);

// use(block, shared, g, index) of every group of a row, index its place in the row; in pairs, so that their sums do not wait for
// each other: use is given the pair's member as a constant.
struct First {
  static constexpr int member = 0;
};
struct Second {
  static constexpr int member = 1;
};
template <class Simd, class Type, class Use>
inline void for_each_group(const uint8_t* row, int64_t inputs, const Use& use) {
  using Block = typename Type::Block;
  const auto* blocks = reinterpret_cast<const Block*>(row);
  const int64_t count = inputs / static_cast<int64_t>(Block::elements);
  int64_t b = 0;
  if constexpr (kGroups<Type> == 1) {
    for (; b + 2 <= count; b += 2) {
      use(Type::template group<Simd>(blocks[b]), b, First{});
      use(Type::template group<Simd>(blocks[b + 1]), b + 1, Second{});
    }
    if (b < count) use(Type::template group<Simd>(blocks[b]), b, First{});
  } else {
    for (; b < count; ++b) {
      const auto shared = Type::template shared<Simd>(blocks[b]);
#pragma GCC unroll 4
      for (int g = 0; g < kGroups<Type>; g += 2) {
        use(Type::template group<Simd>(blocks[b], shared, g), b * kGroups<Type> + g, First{});
        use(Type::template group<Simd>(blocks[b], shared, g + 1), b * kGroups<Type> + g + 1, Second{});
      }
    }
  }
}

// Column `column` of kRows rows from `row` on.
template <class Simd, class Type, int kRows>
inline void fill_by_bytes(const BlockLinear& task, const ByteRows& x, int64_t row, int64_t column) {
  typename Simd::Floats sums[kRows][2];
  for (auto& of_row : sums)
    for (auto& sum : of_row) sum = Simd::broadcast(0);
  const int64_t groups = task.inputs / kGroup;
  for_each_group<Simd, Type>(task.weight + column * task.row_bytes, task.inputs,
                             [&](const Group<Simd>& group, int64_t index, auto member) {
                               for (int r = 0; r < kRows; ++r) {
                                 const int64_t place = (row + r) * groups + index;
                                 auto& sum = sums[r][decltype(member)::member];
                                 const auto p = Simd::load(x.q + place * kGroup);
                                 const auto product = Type::has_min ? Simd::dot(group.q, p) : Simd::dot_signed(group.q, p);
                                 sum = Simd::fma(product, Simd::times(group.scale, Simd::broadcast(x.scale[place])), sum);
                                 if (Type::has_min) sum = Simd::fma(group.min, Simd::load_floats(x.sums + place * 8), sum);
                               }
                             });
  for (int r = 0; r < kRows; ++r) task.output[(row + r) * task.outputs + column] = Simd::total(Simd::plus(sums[r][0], sums[r][1]));
}

template <class Simd, class Type>
inline typename Simd::Floats weights_of(const Group<Simd>& group, int eighth) {  // of the group's four
  const auto q = Type::has_min ? Simd::floats_of_unsigned(group.q, eighth) : Simd::floats_of_signed(group.q, eighth);
  if (!Type::has_min) return Simd::times(q, group.scale);
  return Simd::fma(q, Simd::of_half(group.scale, eighth / 2), Simd::of_half(group.min, eighth / 2));
}

template <class Simd, class Type, int kRows>
inline void fill_by_floats(const BlockLinear& task, const float* x, int64_t row, int64_t column) {
  typename Simd::Floats sums[kRows][2];
  for (auto& of_row : sums)
    for (auto& sum : of_row) sum = Simd::broadcast(0);
  for_each_group<Simd, Type>(task.weight + column * task.row_bytes, task.inputs,
                             [&](const Group<Simd>& group, int64_t index, auto member) {
                               for (int eighth = 0; eighth < 4; ++eighth) {
                                 const auto weights = weights_of<Simd, Type>(group, eighth);
                                 for (int r = 0; r < kRows; ++r) {
                                   auto& sum = sums[r][decltype(member)::member];
                                   const float* at = x + (row + r) * task.inputs + index * kGroup + eighth * 8;
                                   sum = Simd::fma(weights, Simd::load_floats(at), sum);
                                 }
                               }
                             });
  for (int r = 0; r < kRows; ++r) task.output[(row + r) * task.outputs + column] = Simd::total(Simd::plus(sums[r][0], sums[r][1]));
}

// fill(rows, row, column) for every column of [begin, end), four rows at a time.
template <class Fill>
inline void for_each_block(const BlockLinear& task, int64_t begin, int64_t end, const Fill& fill) {
  for (int64_t column = begin; column < end; ++column)
    for (int64_t row = 0; row < task.rows; row += 4) fill(task.rows - row, row, column);
}

template <class Simd, class Type>
void by_bytes(const BlockLinear& task, const ByteRows& x, int64_t begin, int64_t end) {
  for_each_block(task, begin, end, [&](int64_t rows, int64_t row, int64_t column) {
    if (rows >= 4) return fill_by_bytes<Simd, Type, 4>(task, x, row, column);
    if (rows == 3) return fill_by_bytes<Simd, Type, 3>(task, x, row, column);
    if (rows == 2) return fill_by_bytes<Simd, Type, 2>(task, x, row, column);
    fill_by_bytes<Simd, Type, 1>(task, x, row, column);
  });
}

template <class Simd, class Type>
void by_floats(const BlockLinear& task, const float* x, int64_t begin, int64_t end) {
  for_each_block(task, begin, end, [&](int64_t rows, int64_t row, int64_t column) {
    if (rows >= 4) return fill_by_floats<Simd, Type, 4>(task, x, row, column);
    if (rows == 3) return fill_by_floats<Simd, Type, 3>(task, x, row, column);
    if (rows == 2) return fill_by_floats<Simd, Type, 2>(task, x, row, column);
    fill_by_floats<Simd, Type, 1>(task, x, row, column);
  });
}

template <class Simd, class Type, class Value>
void to_values(const uint8_t* blocks, int64_t count, Value* output) {
  for_each_group<Simd, Type>(blocks, count, [&](const Group<Simd>& group, int64_t index, auto) {
    for (int eighth = 0; eighth < 4; ++eighth)
      Simd::store(output + index * kGroup + eighth * 8, weights_of<Simd, Type>(group, eighth));
  });
}

inline void to_bytes(const float* x, int64_t count, int8_t* q, float* scale, float* sums) {
  for (int64_t g = 0; g < count / kGroup; ++g, x += kGroup, q += kGroup, sums += kGroup / 4) {
    float largest = 0;
    for (int i = 0; i < kGroup; ++i) {
      const float magnitude = __builtin_fabsf(x[i]);
      largest = magnitude > largest ? magnitude : largest;
    }
    scale[g] = largest / 127;
    const float inverse = largest > 0 ? 127 / largest : 0;
    constexpr float whole =
        3 << 22;  // floats about it have no fraction: to add it rounds, and the last byte of the bits is the number
    for (int i = 0; i < kGroup; ++i) q[i] = static_cast<int8_t>(__builtin_bit_cast(uint32_t, x[i] * inverse + whole));
    for (int i = 0; i < kGroup / 4; ++i)
      sums[i] = scale[g] * static_cast<float>(q[4 * i] + q[4 * i + 1] + q[4 * i + 2] + q[4 * i + 3]);
  }
}

template <class Simd, class Type>
constexpr BlockKernel block_kernel = {by_bytes<Simd, Type>, by_floats<Simd, Type>, to_values<Simd, Type, float>,
                                      to_values<Simd, Type, Bfloat16>};

template <class Simd>
constexpr BlockLinearKernels block_linear_kernels = {
    to_bytes,
    block_kernel<Simd, Q4_0>,
    block_kernel<Simd, Q4_1>,
    block_kernel<Simd, Q5_0>,
    block_kernel<Simd, Q5_1>,
    block_kernel<Simd, Q8_0>,
    block_kernel<Simd, Q2_K>,
    block_kernel<Simd, Q3_K>,
    block_kernel<Simd, Q4_K>,
    block_kernel<Simd, Q5_K>,
    block_kernel<Simd, Q6_K>,
    block_kernel<Simd, IQ4_NL>,
};

}  // namespace
}  // namespace omma
