#include "omma/data/instruct_kind.h"

#include <array>
#include <span>

#include "omma/base/error.h"
#include "omma/base/rng.h"

namespace omma {
namespace {

constexpr std::array<std::string_view, instruct_kind_count> kind_names = {"conversation", "detail", "reasoning"};

constexpr std::array<std::string_view, 12> detail_requests = {"Describe the picture in detail.",
                                                              "Describe everything that you see.",
                                                              "Give a full description of this image.",
                                                              "What does the picture show, in every detail?",
                                                              "Tell me about all objects, their colors and where they are.",
                                                              "Please describe this scene thoroughly.",
                                                              "Write down all that can be seen here.",
                                                              "Describe the image so that someone could draw it.",
                                                              "Can you describe the picture for someone who cannot see it?",
                                                              "Go through the picture object by object.",
                                                              "Give a detailed account of what is in the image.",
                                                              "Explain what the picture looks like, leaving nothing out."};

}  // namespace

std::string_view name_of(InstructKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

InstructKind parse_instruct_kind(std::string_view name) {
  for (std::size_t i = 0; i < kind_names.size(); ++i)
    if (kind_names[i] == name) return static_cast<InstructKind>(i);
  fail("kinds: expected conversation, detail or reasoning, got \"{}\"", name);
}

PictureParts parts_of(InstructKind kind) {
  return kind == InstructKind::conversation ? PictureParts::captions : PictureParts::captions_and_boxes;
}

std::string_view detail_request(std::uint64_t seed) { return Rng(seed).pick(std::span<const std::string_view>(detail_requests)); }

}  // namespace omma
