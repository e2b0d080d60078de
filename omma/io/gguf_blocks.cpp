#include "omma/io/gguf_blocks.h"

#include <algorithm>
#include <array>

#include "omma/base/error.h"

namespace omma {
namespace {

struct GgufTypeInfo {
  GgufType type;
  std::string_view name;
  std::size_t elements, bytes;  // of a block
};

template <class Block>
constexpr GgufTypeInfo blocks_of(GgufType type, std::string_view name) {
  return {type, name, Block::elements, sizeof(Block)};
}

constexpr std::array gguf_types = {
    GgufTypeInfo{GgufType::f32, "F32", 1, 4},           GgufTypeInfo{GgufType::f16, "F16", 1, 2},
    blocks_of<BlockQ4_0>(GgufType::q4_0, "Q4_0"),       blocks_of<BlockQ4_1>(GgufType::q4_1, "Q4_1"),
    blocks_of<BlockQ5_0>(GgufType::q5_0, "Q5_0"),       blocks_of<BlockQ5_1>(GgufType::q5_1, "Q5_1"),
    blocks_of<BlockQ8_0>(GgufType::q8_0, "Q8_0"),       blocks_of<BlockQ2_K>(GgufType::q2_k, "Q2_K"),
    blocks_of<BlockQ3_K>(GgufType::q3_k, "Q3_K"),       blocks_of<BlockQ4_K>(GgufType::q4_k, "Q4_K"),
    blocks_of<BlockQ5_K>(GgufType::q5_k, "Q5_K"),       blocks_of<BlockQ6_K>(GgufType::q6_k, "Q6_K"),
    blocks_of<BlockIQ4_NL>(GgufType::iq4_nl, "IQ4_NL"), GgufTypeInfo{GgufType::i8, "I8", 1, 1},
    GgufTypeInfo{GgufType::i16, "I16", 1, 2},           GgufTypeInfo{GgufType::i32, "I32", 1, 4},
    GgufTypeInfo{GgufType::i64, "I64", 1, 8},           GgufTypeInfo{GgufType::f64, "F64", 1, 8},
    GgufTypeInfo{GgufType::bf16, "BF16", 1, 2},
};

// Types that people meet and omma does not read; 4, 5, 31 to 33 and 36 to 38 were given up by ggml.
struct ForeignType {
  std::uint32_t id;
  std::string_view name;
};
constexpr std::array foreign_types = {
    ForeignType{4, "Q4_2"},      ForeignType{5, "Q4_3"},        ForeignType{9, "Q8_1"},        ForeignType{15, "Q8_K"},
    ForeignType{16, "IQ2_XXS"},  ForeignType{17, "IQ2_XS"},     ForeignType{18, "IQ3_XXS"},    ForeignType{19, "IQ1_S"},
    ForeignType{21, "IQ3_S"},    ForeignType{22, "IQ2_S"},      ForeignType{23, "IQ4_XS"},     ForeignType{29, "IQ1_M"},
    ForeignType{31, "Q4_0_4_4"}, ForeignType{32, "Q4_0_4_8"},   ForeignType{33, "Q4_0_8_8"},   ForeignType{34, "TQ1_0"},
    ForeignType{35, "TQ2_0"},    ForeignType{36, "IQ4_NL_4_4"}, ForeignType{37, "IQ4_NL_4_8"}, ForeignType{38, "IQ4_NL_8_8"},
    ForeignType{39, "MXFP4"},    ForeignType{40, "NVFP4"},      ForeignType{41, "Q1_0"},
};

const GgufTypeInfo& info_of(GgufType type) { return *std::ranges::find(gguf_types, type, &GgufTypeInfo::type); }

}  // namespace

std::optional<GgufType> gguf_type_from_id(std::uint32_t id) {
  for (const GgufTypeInfo& info : gguf_types)
    if (static_cast<std::uint32_t>(info.type) == id) return info.type;
  return std::nullopt;
}

std::string describe_gguf_type(std::uint32_t id) {
  if (const auto type = gguf_type_from_id(id)) return fmt::format("{} ({})", name_of(*type), id);
  const auto foreign = std::ranges::find(foreign_types, id, &ForeignType::id);
  return foreign != foreign_types.end() ? fmt::format("{} ({})", foreign->name, id) : fmt::format("type {}", id);
}

std::string_view name_of(GgufType type) { return info_of(type).name; }
std::size_t block_elements(GgufType type) { return info_of(type).elements; }
std::size_t block_bytes(GgufType type) { return info_of(type).bytes; }

}  // namespace omma
