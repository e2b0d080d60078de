// omma chat, ask and caption with a LLaVA of random weights.
#include "omma/io/image_file.h"
#include "omma/text/chat_template.h"
#include "tests/program/run_program.h"
#include "tests/unit/llava/small_llava.h"

namespace omma {
namespace {

using testing::run_program;
using testing::run_shell;

class ChatProgram : public ::testing::Test {
 protected:
  ChatProgram() {
    save_llava(directory_ / "model", testing::small_llava(),
               {.tokenizer = testing::small_llava_tokenizer(),
                .tokenizer_config = {{"bos_token", "<s>"}, {"eos_token", "</s>"}},
                .chat_template = "{% for m in messages %}{{ m.role }}: {% for p in m.content %}"
                                 "{{ '<image>' if p.type == 'image' else p.text }}{% endfor %}{% endfor %}a:"},
               torch::kFloat32);
    Image image(12, 9);
    for (std::size_t i = 0; i < image.data.size(); ++i) image.data[i] = static_cast<std::uint8_t>(5 * i);
    write_image(directory_ / "a.png", image);
    write_image(directory_ / "b.png", Image(12, 9));
  }

  // The same with room for long texts: "long".
  void make_long_model() const {
    LlavaConfig config = testing::small_llava_config();
    config.text_config.max_position_embeddings = 40000;
    save_llava(directory_ / "long", testing::small_llava(config),
               {.tokenizer = testing::small_llava_tokenizer(),
                .tokenizer_config = {{"bos_token", "<s>"}, {"eos_token", "</s>"}},
                .chat_template = "{% for m in messages %}{% for p in m.content %}"
                                 "{{ '<image>' if p.type == 'image' else p.text }}{% endfor %}{% endfor %}:"},
               torch::kFloat32);
  }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }
  std::vector<std::string> chat(std::vector<std::string> more) const {
    more.insert(more.begin(), {"chat", "--model", path("model"), "--max-tokens", "5"});
    return more;
  }
  // What comes of lines that are typed.
  testing::Run typed(const std::string& lines, std::vector<std::string> more = {}) const {
    write_file(directory_ / "lines", lines);
    return run_shell(testing::command_line(chat(std::move(more)), {}, path("lines")));
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(ChatProgram, OneTurn) {
  const auto run = run_program(chat({path("a.png"), "--prompt", "What is <image>?", "--json"}));
  ASSERT_EQ(run.status, 0) << run.err;
  const json line = run.lines().at(0);
  EXPECT_EQ(line["images"], json({path("a.png")}));
  EXPECT_EQ(line["prompt_tokens"], static_cast<int>(std::string("user: What is <image>?a:").size()) + 4);  // and the picture
  EXPECT_EQ(line["tokens"], 5);
  EXPECT_EQ(line["end"], "length");
  const auto plain = run_program(chat({path("a.png"), "--prompt", "What is <image>?"}));
  EXPECT_NE(line["text"].get<std::string>().find(plain.out.substr(0, plain.out.size() - 1)), std::string::npos);
}

TEST_F(ChatProgram, TurnsGoOnFromWhatWasRead) {
  const auto run =
      typed("What is it?\nSure?\n/image " + path("b.png") + "\nAnd this?\n/clear\nWhat is it?\n", {path("a.png"), "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  const auto lines = run.lines();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0]["read_tokens"], lines[0]["prompt_tokens"]);
  const auto known = [&](std::size_t turn) {
    return lines[turn]["prompt_tokens"].get<int>() - lines[turn]["read_tokens"].get<int>();
  };
  EXPECT_GE(known(1), lines[0]["prompt_tokens"].get<int>() - 1);  // but for the colon of "a:"
  EXPECT_GE(known(2), lines[1]["prompt_tokens"].get<int>() - 1);
  EXPECT_EQ(lines[3]["read_tokens"], lines[3]["prompt_tokens"]);
}

TEST_F(ChatProgram, SavesLlavasJson) {
  const auto run = typed("What is it?\n/save " + path("talk.json") + "\n", {path("a.png")});
  ASSERT_EQ(run.status, 0) << run.err;
  const json saved = read_json(directory_ / "talk.json");
  EXPECT_EQ(saved[0]["image"], "a.png") << "as seen from the file's folder";
  EXPECT_EQ(saved[0]["conversations"][0]["value"], "<image>\nWhat is it?");
  EXPECT_EQ(saved[0]["conversations"].size(), 2U);
  EXPECT_EQ(run_program({"validate", "--task", "instruct", "--data", "llava:" + path("talk.json")}).status, 0);
}

// The answer is cut off where it stands, and the next line is read.
TEST_F(ChatProgram, CtrlCStopsAnAnswerAndNotTheProgram) {
  make_long_model();
  const std::string talk = path("talk.json");
  testing::TypedProgram program({"chat", "--model", path("long"), "--min-tokens", "39000", "--max-tokens", "39000"},
                                directory_ / "out");
  program.type("Go on\n");
  ASSERT_TRUE(testing::comes_true([&] { return std::filesystem::file_size(directory_ / "out") > 0; }));
  program.send(SIGINT);
  program.type("/save " + talk + "\n");
  ASSERT_TRUE(testing::comes_true([&] { return std::filesystem::exists(talk); }));
  EXPECT_EQ(program.end(), 0);
  const std::string answer = read_json(talk)[0]["conversations"][1]["value"];
  EXPECT_GT(answer.size(), 0U);
  EXPECT_LT(answer.size(), 39000U);
}

TEST_F(ChatProgram, MistakesAreToldAndTheConversationGoesOn) {
  const auto run = typed("/image /nowhere.png\n/what\n/save\n/save " + path("a.png") + "\nStill there?\n");
  EXPECT_EQ(run.status, 2);
  EXPECT_NE(run.out, "");
  EXPECT_EQ(typed("Hi\n/save /dev/full\nStill there?\n").status, 1);
  for (const char* told : {"/nowhere.png", "/what", "/save"}) EXPECT_NE(run.err.find(told), std::string::npos) << run.err;
  EXPECT_NO_THROW(read_image(directory_ / "a.png"));
  EXPECT_EQ(run_program(chat({path("nowhere.png"), "--prompt", "?"})).status, 2);
  EXPECT_EQ(run_program(chat({"--template", "none", "--prompt", "?"})).status, 2);
  EXPECT_EQ(run_program(chat({"--image-aspect", "anyres", "--prompt", "?"})).status, 2);
  EXPECT_EQ(run_program({"chat", "--model", "zoo/sam-nano", "--prompt", "?"}).status, 2);
  const auto without_template = run_program({"chat", "--model", "zoo/planner-nano", "--prompt", "?"});
  EXPECT_EQ(without_template.status, 2);
  EXPECT_NE(without_template.err.find("chat template"), std::string::npos) << without_template.err;
}

// Neither a list of pictures nor a template is written over.
TEST_F(ChatProgram, SavesOverNothingThatItRead) {
  write_file(directory_ / "list.txt", path("a.png") + "\n");
  write_file(directory_ / "own.jinja", "{% for m in messages %}{{ m.role }}{% endfor %}");
  const std::string list = read_file(directory_ / "list.txt"), own = read_file(directory_ / "own.jinja");
  const auto run = typed("Hi\n/save " + path("list.txt") + "\n/save " + path("own.jinja") + "\n",
                         {"@" + path("list.txt"), "--template", path("own.jinja")});
  EXPECT_EQ(run.status, 2);
  EXPECT_EQ(read_file(directory_ / "list.txt"), list);
  EXPECT_EQ(read_file(directory_ / "own.jinja"), own);
}

TEST_F(ChatProgram, AspectAndTemplateAreTheCallers) {
  std::filesystem::create_directories(directory_ / "model/additional_chat_templates");
  write_file(directory_ / "model/additional_chat_templates/short.jinja", "{% for m in messages %}b{% endfor %}");
  const auto tokens = [&](const std::vector<std::string>& flags) {
    std::vector<std::string> arguments = {path("a.png"), "--prompt", "What?", "--json", "--template", "short"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const auto run = run_program(chat(arguments));
    EXPECT_EQ(run.status, 2) << "the template has no place for the picture";
    return run.err;
  };
  EXPECT_NE(tokens({}).find("picture"), std::string::npos);
  const auto named = run_program(chat({"--prompt", "What?", "--json", "--template", "short"}));
  ASSERT_EQ(named.status, 0) << named.err;
  EXPECT_EQ(named.lines().at(0)["prompt_tokens"], 1);
  const auto score = [&](const std::string& aspect) {
    const auto run =
        run_program({"caption", path("a.png"), "--model", path("model"), "--max-tokens", "4", "--json", "--image-aspect", aspect});
    EXPECT_EQ(run.status, 0) << run.err;
    return run.lines().at(0)["captions"][0]["score"].get<double>();
  };
  EXPECT_NE(score("pad"), score("crop"));
  EXPECT_EQ(run_program({"caption", path("a.png"), "--template", "vicuna_v1"}).status, 2) << "BLIP has none";
}

// A model of random weights names no tool: what counts is that it was asked with the picture before it.
TEST_F(ChatProgram, AnAgentSeesThePictureWhileItPlans) {
  make_long_model();
  const auto run = run_program({"agent", path("a.png"), "How many dogs?", "--llm", path("long"), "--llm-max-tokens", "8",
                                "--max-steps", "1", "--trace", path("trace.jsonl"), "--json"});
  ASSERT_EQ(run.lines().size(), 1U) << run.err;
  EXPECT_TRUE(run.lines()[0].contains("stopped")) << run.out;
  EXPECT_TRUE(std::filesystem::exists(path("trace.jsonl")));
  const auto blind = run_program({"agent", path("a.png"), "How many dogs?", "--llm", path("model")});
  EXPECT_NE(blind.err.find("1024 tokens"), std::string::npos) << blind.out << blind.err;  // no room for the explanations
}

TEST_F(ChatProgram, AnswersAndCaptions) {
  const auto asked = run_program({"ask", path("a.png"), "What is it?", "--model", path("model"), "--max-tokens", "4"});
  EXPECT_EQ(asked.status, 0) << asked.err;
  const auto chosen =
      run_program({"ask", path("a.png"), "Is it?", "--model", path("model"), "--answer", "yes", "--answer", "no", "--json"});
  ASSERT_EQ(chosen.status, 0) << chosen.err;
  EXPECT_TRUE(chosen.lines().at(0)["answer"] == "yes" || chosen.lines().at(0)["answer"] == "no");
  EXPECT_EQ(run_program({"caption", path("a.png"), "--model", path("model"), "--max-tokens", "4"}).status, 0);
}

}  // namespace
}  // namespace omma
