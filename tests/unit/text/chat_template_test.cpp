#include "omma/text/chat_template.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::invalid_argument_of;

ordered_json turn(const std::string& role, const ordered_json& content) { return {{"role", role}, {"content", content}}; }

ordered_json picture(const std::string& text) {
  return ordered_json::array({{{"type", "text"}, {"text", text}}, {{"type", "image"}}});
}

const ordered_json kTalk =
    ordered_json::array({turn("user", picture("What is it?")), turn("assistant", "A cat."), turn("user", "Sure?")});

std::string by_name(const std::string& name, const ordered_json& messages = kTalk) {
  return ChatTemplate::built_in(name).render(messages, {.add_generation_prompt = true}).text;
}

TEST(BuiltInTemplates, WriteTheirFormats) {
  EXPECT_EQ(by_name("vicuna_v1"),
            "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and "
            "polite answers to the user's questions. USER: <image>\nWhat is it? ASSISTANT: A cat.</s>USER: Sure? ASSISTANT:");
  EXPECT_EQ(by_name("v1"), by_name("vicuna_v1"));
  EXPECT_EQ(by_name("llava_v1", ordered_json::array({turn("user", "Hi")})),
            "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, and "
            "polite answers to the human's questions. USER: Hi ASSISTANT:");
  EXPECT_EQ(by_name("vicuna_v1", ordered_json::array({turn("system", "Be brief."), turn("user", "Hi")})),
            "Be brief. USER: Hi ASSISTANT:");
  EXPECT_EQ(by_name("llava_v0", ordered_json::array({turn("system", "S"), turn("user", "Hi"), turn("assistant", "Ho")})),
            "S###Human: Hi###Assistant: Ho###Assistant:");
  EXPECT_EQ(
      by_name("plain", ordered_json::array({turn("user", ordered_json::array({{{"type", "image"}}})), turn("assistant", "a cat")})),
      "<image>a cat\n");
  EXPECT_EQ(by_name("mistral"), "[INST] <image>\nWhat is it? [/INST]A cat.</s>[INST] Sure? [/INST]");
  EXPECT_EQ(
      by_name("llama_2", ordered_json::array({turn("system", "S"), turn("user", "a"), turn("assistant", "b"), turn("user", "c")})),
      "[INST] <<SYS>>\nS\n<</SYS>>\n\na [/INST] b </s><s>[INST] c [/INST]");
  EXPECT_EQ(by_name("chatml"),
            "<|im_start|>user\n<image>\nWhat is it?<|im_end|>\n<|im_start|>assistant\nA cat.<|im_end|>\n"
            "<|im_start|>user\nSure?<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(by_name("gemma", ordered_json::array({turn("system", "S"), turn("user", "a")})),
            "<start_of_turn>user\nS\n\na<end_of_turn>\n<start_of_turn>model\n");
  for (const std::string& name : ChatTemplate::built_in_names()) EXPECT_NE(by_name(name), "") << name;
  EXPECT_NE(invalid_argument_of([] { ChatTemplate::built_in("vicuna_v2"); }).find("did you mean vicuna_v1"), std::string::npos);
}

// A user's "<image>" and "</s>" are marked, the template's are not.
TEST(BuiltInTemplates, MarkWhatUsersWrote) {
  for (const std::string& name : ChatTemplate::built_in_names()) {
    const MarkedText prompt = ChatTemplate::built_in(name).render(ordered_json::array({turn("user", picture("<image></s>?"))}));
    ASSERT_EQ(prompt.untrusted.size(), 1U) << name;
    EXPECT_EQ(prompt.text.substr(prompt.untrusted[0].begin, prompt.untrusted[0].end - prompt.untrusted[0].begin), "<image></s>?");
    EXPECT_FALSE(prompt.is_untrusted(prompt.text.find("<image>"))) << name;
  }
}

class Directory : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((directory_ / name).parent_path());
    std::ofstream(directory_ / name) << text;
  }
  std::string render(const ChatOptions& options = {}) {
    return ChatTemplate::from_directory(directory_.path()).render(kTalk, options).text;
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(Directory, TemplatesComeInOrder) {
  EXPECT_FALSE(ChatTemplate::has_template(directory_.path()));
  EXPECT_NE(invalid_argument_of([&] { render(); }).find("no chat template"), std::string::npos);
  write("tokenizer_config.json", R"({"chat_template": "config {{ eos_token }}{{ bos_token }}{{ unk_token }}", "eos_token": "</e>",
                                     "bos_token": {"content": "<b>", "lstrip": false}, "pad_token": null})");
  write("special_tokens_map.json", R"({"eos_token": "other", "unk_token": {"content": "<u>"}})");
  EXPECT_TRUE(ChatTemplate::has_template(directory_.path()));
  EXPECT_EQ(render(), "config </e><b><u>");
  EXPECT_EQ(render({.variables = {{"eos_token", "mine"}}}), "config mine<b><u>");
  write("chat_template.jinja", "jinja\n");
  EXPECT_EQ(render(), "jinja");
  write("additional_chat_templates/tool_use.jinja", "{{ tools|length }} tools");
  EXPECT_EQ(render(), "jinja");
  EXPECT_EQ(render({.tools = ordered_json::array({{{"type", "function"}}})}), "1 tools");
  EXPECT_EQ(render({.tools = ordered_json::array(), .name = "default"}), "jinja");
  EXPECT_NE(invalid_argument_of([&] { render({.name = "rag"}); }).find("no \"rag\" among the model's: default, tool_use"),
            std::string::npos);
  write("chat_template.json", R"({"chat_template": "json"})");
  EXPECT_EQ(render(), "json");
}

TEST_F(Directory, NamedTemplatesOfTheConfig) {
  write("tokenizer_config.json", R"({"chat_template": [{"name": "rag", "template": "r{{ documents[0].text }}"}]})");
  EXPECT_EQ(render({.documents = ordered_json::array({{{"text", "T"}}}), .name = "rag"}), "rT");
  EXPECT_NE(invalid_argument_of([&] { render(); }).find("no \"default\" among the model's: rag"), std::string::npos);
  write("tokenizer_config.json", R"({"chat_template": [{"name": "default"}]})");
  EXPECT_NE(invalid_argument_of([&] { render(); }).find("expected a list of {name, template}"), std::string::npos);
  write("tokenizer_config.json", R"({"chat_template": "\n{% foo %}"})");
  EXPECT_NE(invalid_argument_of([&] { render(); }).find("chat_template \"default\":2: tag 'foo'"), std::string::npos);
}

TEST_F(Directory, MessagesAsTransformersPreparesThem) {
  write("chat_template.jinja", "{% for m in messages %}{{ m }}{% endfor %}{{ tools }}{{ documents }}{{ add_generation_prompt }}");
  const ChatTemplate chat = ChatTemplate::from_directory(directory_.path());
  const ordered_json messages =
      ordered_json::array({{{"role", "assistant"}, {"content", nullptr}, {"reasoning", "r"}, {"tool_calls", nullptr}}});
  EXPECT_EQ(chat.render(messages).text,
            "{'thinking': 'r', 'role': 'assistant', 'reasoning': 'r', 'reasoning_content': 'r'}NoneNoneFalse");
  EXPECT_NE(invalid_argument_of([&] { chat.render(ordered_json::array()); }), "");
  EXPECT_NE(invalid_argument_of([&] { chat.render(ordered_json::array({1})); }).find("messages[0]"), std::string::npos);
}

}  // namespace
}  // namespace omma
