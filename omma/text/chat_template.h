// How a model writes a talk as one text: its own template, or one by name for models that bring none.
//
//   const ChatTemplate chat = ChatTemplate::from_directory("models/llava");     // or ChatTemplate::built_in("vicuna_v1")
//   const MarkedText prompt = chat.render({{{"role", "user"}, {"content", "Hello"}}}, {.add_generation_prompt = true});
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "omma/text/jinja/template.h"
#include "omma/text/tokenizer.h"

namespace omma {

struct ChatOptions {
  bool add_generation_prompt = false;               // ends with what an answer begins with
  ordered_json tools = nullptr;                     // a list of JSON schemas, null for none
  ordered_json documents = nullptr;                 // a list of objects, null for none
  ordered_json variables = ordered_json::object();  // others, trusted; before special tokens of their name
  std::string name = {};  // of the model's templates; without it tool_use where there are tools, else default
  JinjaOptions jinja = {};
};

// A model's templates by name. Immutable; const members may be called from several threads. Cheap to copy.
class ChatTemplate {
 public:
  // The first of these that a model directory has, as transformers 5.23 reads models that see: chat_template.json;
  // chat_template.jinja with additional_chat_templates/*.jinja; chat_template in tokenizer_config.json, a text or a list of
  // {name, template}. Special tokens (bos_token, eos_token, ...) are tokenizer_config.json's, or special_tokens_map.json's. Throws
  // std::invalid_argument where there is no template, or one is malformed or not of what is built.
  static ChatTemplate from_directory(const std::filesystem::path& directory);
  static bool has_template(const std::filesystem::path& directory);

  // One template, "default", without special tokens. `where` begins the errors.
  static ChatTemplate from_source(const std::string& source, const std::string& where);
  static ChatTemplate from_file(const std::filesystem::path& file);

  // vicuna_v1 (also v1), llava_v1, llava_v0, plain, llama_2, llama_3, mistral (mistral_instruct), chatml, zephyr, gemma, phi_3.
  // They begin without a token for the text's begin, which the tokenizer writes; pictures and clips of a turn are "<image>\n" and
  // "<video>\n" before its text ("<image>" in plain). Throws std::invalid_argument that lists the names for another.
  static ChatTemplate built_in(std::string_view name);
  static std::span<const std::string> built_in_names();
  static std::string built_in_source(std::string_view name);  // as Jinja, for a model's directory

  // Messages are {role, content, ...}, content a text or a list of parts {type: text|image|video, text}; what else a template knows
  // (tool_calls, name) goes through. As transformers does, fields that are null are left out, and reasoning stands under both of
  // its names, reasoning_content and thinking. In the result all that came from messages, tools and documents is marked, but
  // roles and types that are plain words: where "<image>" or "</s>" is marked, it is text and no token. Throws
  // std::invalid_argument for no messages, a name that is not there, and what the template refuses.
  MarkedText render(const ordered_json& messages, const ChatOptions& options = {}) const;

  bool contains(const std::string& name) const { return templates_.contains(name); }
  // The one of that name, as "default". Throws std::invalid_argument that lists the names for another.
  ChatTemplate only(const std::string& name) const;

  // With the special tokens of a directory (tokenizer_config.json, special_tokens_map.json), or of such a file, beside those that
  // it has: for a template that came from elsewhere.
  void take_special_tokens(const std::filesystem::path& directory);
  void take_special_tokens(const json& tokenizer_config);

  const ordered_json& special_tokens() const { return special_tokens_; }  // by name: {"eos_token": "</s>"}
  const std::string& source() const;                                      // of the default one, or the first there is

 private:
  const JinjaTemplate& choose(const ChatOptions& options) const;

  void add(const std::string& name, const std::string& source, const std::string& where);

  std::map<std::string, JinjaTemplate> templates_;
  std::map<std::string, std::string> sources_;
  ordered_json special_tokens_ = ordered_json::object();
};

// What render() gave, as ids: special tokens count where the template wrote them, and a template that writes the token at the start
// of a text itself is not given a second one.
Encoding encode_chat(const MarkedText& chat, const ChatTemplate& chat_template, const Tokenizer& tokenizer);

}  // namespace omma
