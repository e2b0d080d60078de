// Templates for models that bring none.
#include <algorithm>
#include <array>
#include <utility>

#include "omma/base/did_you_mean.h"
#include "omma/base/error.h"
#include "omma/text/chat_template.h"

namespace omma {

namespace {

// text(content): pictures and clips first, then the words.
constexpr std::string_view kText = R"({%- macro text(content) -%}
{%- if content is string -%}{{ content }}{%- else -%}
{%- for part in content if part.type == 'image' -%}{{ image }}{%- endfor -%}
{%- for part in content if part.type == 'video' -%}{{ video }}{%- endfor -%}
{%- for part in content if part.type == 'text' -%}{{ part.text }}{%- endfor -%}
{%- endif -%}
{%- endmacro -%}
{%- set image, video = '<image>\n', '<video>\n' -%}
{%- set bos, eos = bos_token|default('<s>'), eos_token|default('</s>') -%}
{%- set has_system = messages[0].role == 'system' -%}
{%- set turns = messages[1:] if has_system else messages -%}
)";

// System text, then "USER: question ASSISTANT: answer</s>" again and again.
constexpr std::string_view kVicuna = R"(
{{- (text(messages[0].content) if has_system else system) ~ ' ' -}}
{%- for turn in turns -%}
{%- if turn.role == 'assistant' -%}{{ 'ASSISTANT: ' ~ text(turn.content) ~ eos }}{%- else -%}{{ 'USER: ' ~ text(turn.content) ~ ' ' }}{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}ASSISTANT:{%- endif -%})";

// "###" after the system text and every turn.
constexpr std::string_view kLlavaV0 = R"(
{{- (text(messages[0].content) if has_system else system) ~ '###' -}}
{%- for turn in turns -%}
{{- ('Assistant: ' if turn.role == 'assistant' else 'Human: ') ~ text(turn.content) ~ '###' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}Assistant:{%- endif -%})";

// Captions: pictures and words, no roles.
constexpr std::string_view kPlain = R"(
{%- set image, video = '<image>', '<video>' -%}
{%- for turn in turns -%}{{ text(turn.content) }}{{ '\n' if turn.role == 'assistant' }}{%- endfor -%})";

// The system text stands in the first question.
constexpr std::string_view kLlama2 = R"(
{%- for turn in turns -%}
{%- set before = '<<SYS>>\n' ~ text(messages[0].content) ~ '\n<</SYS>>\n\n' if loop.first and has_system else '' -%}
{%- if turn.role == 'assistant' -%}{{ ' ' ~ text(turn.content) ~ ' ' ~ eos }}
{%- else -%}{{ ('' if loop.first else bos) ~ '[INST] ' ~ before ~ text(turn.content) ~ ' [/INST]' }}{%- endif -%}
{%- endfor -%})";

constexpr std::string_view kMistral = R"(
{%- for turn in turns -%}
{%- set before = text(messages[0].content) ~ '\n\n' if loop.first and has_system else '' -%}
{%- if turn.role == 'assistant' -%}{{ text(turn.content) ~ eos }}
{%- else -%}{{ '[INST] ' ~ before ~ text(turn.content) ~ ' [/INST]' }}{%- endif -%}
{%- endfor -%})";

constexpr std::string_view kLlama3 = R"(
{%- for turn in messages -%}
{{- '<|start_header_id|>' ~ turn.role ~ '<|end_header_id|>\n\n' ~ text(turn.content) ~ '<|eot_id|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif -%})";

constexpr std::string_view kChatml = R"(
{%- for turn in messages -%}{{ '<|im_start|>' ~ turn.role ~ '\n' ~ text(turn.content) ~ '<|im_end|>\n' }}{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%})";

constexpr std::string_view kZephyr = R"(
{%- for turn in messages -%}{{ '<|' ~ turn.role ~ '|>\n' ~ text(turn.content) ~ eos ~ '\n' }}{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|assistant|>\n' }}{%- endif -%})";

constexpr std::string_view kGemma = R"(
{%- for turn in turns -%}
{%- set before = text(messages[0].content) ~ '\n\n' if loop.first and has_system else '' -%}
{{- '<start_of_turn>' ~ ('model' if turn.role == 'assistant' else turn.role) ~ '\n' ~ before ~ text(turn.content) ~ '<end_of_turn>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%})";

constexpr std::string_view kPhi3 = R"(
{%- for turn in messages -%}{{ '<|' ~ turn.role ~ '|>\n' ~ text(turn.content) ~ '<|end|>\n' }}{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|assistant|>\n' }}{%- endif -%})";

constexpr std::string_view kOfUser =
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions.";
constexpr std::string_view kOfHuman =
    "A chat between a curious human and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the human's questions.";

struct BuiltIn {
  std::string_view name;
  std::string_view source;
  std::string_view system = "";  // the system text where the talk has none
};
constexpr BuiltIn kBuiltIn[] = {{"vicuna_v1", kVicuna, kOfUser},
                                {"v1", kVicuna, kOfUser},
                                {"llava_v1", kVicuna, kOfHuman},
                                {"llava_v0", kLlavaV0, kOfHuman},
                                {"plain", kPlain},
                                {"llama_2", kLlama2},
                                {"llama_3", kLlama3},
                                {"mistral", kMistral},
                                {"mistral_instruct", kMistral},
                                {"chatml", kChatml},
                                {"zephyr", kZephyr},
                                {"gemma", kGemma},
                                {"phi_3", kPhi3}};

}  // namespace

std::span<const std::string> ChatTemplate::built_in_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> listed;
    for (const BuiltIn& one : kBuiltIn) listed.emplace_back(one.name);
    return listed;
  }();
  return names;
}

std::string ChatTemplate::built_in_source(std::string_view name) {
  const auto found = std::find_if(std::begin(kBuiltIn), std::end(kBuiltIn), [&](const BuiltIn& one) { return one.name == name; });
  if (found == std::end(kBuiltIn)) {
    std::string listed;
    for (const std::string& known : built_in_names()) listed += (listed.empty() ? "" : ", ") + known;
    fail("chat template: expected one of {}; got \"{}\"{}", listed, name, did_you_mean(name, built_in_names()));
  }
  return fmt::format("{{%- set system = \"{}\" -%}}\n{}{}", found->system, kText, found->source);
}

ChatTemplate ChatTemplate::built_in(std::string_view name) {
  return from_source(built_in_source(name), fmt::format("template {}", name));
}

}  // namespace omma
