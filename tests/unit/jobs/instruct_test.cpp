#include "omma/jobs/instruct.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <map>
#include <mutex>
#include <set>

#include "omma/base/file.h"
#include "omma/base/rng.h"
#include "omma/data/instruction_dataset.h"
#include "omma/data/validate.h"
#include "omma/jobs/instruct_page.h"
#include "omma/jobs/instruct_prompt.h"
#include "omma/jobs/instruct_record.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

struct Killed {};  // not an error that a job knows

// What happens to a teacher's replies, over several runs.
struct Book {
  std::mutex mutex;
  std::map<std::string, int> paid;  // replies by the last message and kind
  int calls = 0;
  int killed_at = -1;
  std::set<int> fails_at = {};  // numbers of calls
};

// The oracle, whose replies cost something.
class PaidTeacher : public Teacher {
 public:
  explicit PaidTeacher(Book& book) : book_(book) {}
  TeacherReply ask(const TeacherRequest& request) override {
    {
      const std::lock_guard lock(book_.mutex);
      const int call = book_.calls++;
      if (call == book_.killed_at) throw Killed();
      if (book_.fails_at.contains(call)) throw std::runtime_error("no answer");
      ++book_.paid[std::string(name_of(request.kind)) + request.messages.back().content];
    }
    TeacherReply reply = oracle_.ask(request);
    reply.prompt_tokens = 100;
    reply.tokens = 10;
    return reply;
  }

 private:
  Book& book_;
  OracleTeacher oracle_;
};

class InstructJob : public ::testing::Test {
 protected:
  json run(const std::string& out, InstructOptions options = {}) {
    options.data = "world:seed=3,count=14,size=32";
    options.split = "val";
    options.out = directory_ / out;
    options.pictures_per_shard = 4;
    return instruct([this] { return std::make_unique<PaidTeacher>(book_); }, options);
  }

  // All but the ledgers, whose lines stand in the order in which the replies came.
  std::map<std::string, std::string> files_of(const std::string& out) const {
    std::map<std::string, std::string> files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory_ / out))
      if (const std::string name = entry.path().filename().string(); entry.is_regular_file() && !name.starts_with("replies-"))
        files[name] = read_file(entry.path());
    return files;
  }

  void expect_paid_once(int of = 42) const {
    int replies = 0;
    for (const auto& [request, count] : book_.paid) replies += count;
    EXPECT_EQ(replies, of);
  }

  testing::TemporaryDirectory directory_;
  Book book_;
};

TEST_F(InstructJob, WritesWhatTheReaderReads) {
  const json summary = run("out");
  EXPECT_EQ(summary["pictures"], 14);
  EXPECT_EQ(summary["requests"], 42);
  EXPECT_EQ(summary["samples"], 42);
  EXPECT_EQ(summary["refused"]["total"], 0) << summary["refused"];
  EXPECT_EQ(summary["facts"]["false"], 0);
  EXPECT_EQ(read_file(directory_ / "out/records-000000.jsonl").find("\"refused\""), std::string::npos)
      << read_file(directory_ / "out/records-000000.jsonl");
  EXPECT_EQ(summary["tokens"], 420);
  EXPECT_FALSE(summary.contains("stopped"));
  const auto data = open_instruction_dataset("llava:" + (directory_ / "out").string(), "", {.max_fault_share = 0});
  EXPECT_EQ(data->size(), 42U);
  EXPECT_EQ(validate(*data, 1).total(), 0U);
  EXPECT_EQ(data->sample(0).id, "val/0#conversation");
  EXPECT_EQ(data->sample(2).image, "val-000000.png");
  EXPECT_EQ(read_json(directory_ / "out/instruct.json")[1]["conversations"][0]["value"].get<std::string>().substr(0, 8),
            "<image>\n");
  EXPECT_NE(read_file(directory_ / "out/index.html").find("data:image/jpeg;base64,"), std::string::npos);
}

// Whatever the number of questions at once.
TEST_F(InstructJob, IsTheSameInParallel) {
  run("one");
  run("many", {.parallel = 7});
  EXPECT_EQ(files_of("one"), files_of("many"));
}

TEST_F(InstructJob, GoesOnAfterAnyKill) {
  run("whole");
  Rng rng(5);
  for (int trial = 0; trial < 12; ++trial) {
    const std::string out = "killed-" + std::to_string(trial);
    book_.paid.clear();
    const InstructOptions options{.parallel = trial % 3 + 1};
    for (int kills = rng.between(1, 4); kills > 0; --kills) {
      book_.calls = 0;
      book_.killed_at = rng.between(0, 20);
      try {
        run(out, options);
      } catch (const Killed&) {
      }
    }
    book_.killed_at = -1;
    run(out, options);
    EXPECT_EQ(files_of(out), files_of("whole")) << trial;
    expect_paid_once();
  }
}

// By a signal, in a process of its own: in the middle of a request, a write, a rename.
TEST_F(InstructJob, GoesOnAfterSigkill) {
  run("whole");
  Rng rng(6);
  for (int trial = 0; trial < 4; ++trial) {
    const std::string out = "killed-" + std::to_string(trial);
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        run(out);
      } catch (...) {
      }
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(rng.between(1000, 60000)));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    run(out);
    EXPECT_EQ(files_of(out), files_of("whole")) << trial;
  }
}

// A line that was cut was never paid for as far as the ledger goes; a broken one before the last is no crash's work.
TEST_F(InstructJob, TakesOffALineThatWasCut) {
  EXPECT_EQ(run("out", {.budget = {.requests = 5}})["stopped"], "max_requests");
  const fs::path ledger = directory_ / "out/replies-000000.jsonl";
  const std::string text = read_file(ledger);
  write_file(ledger, text.substr(0, text.size() - 9));
  run("out");
  run("whole");
  EXPECT_EQ(files_of("out"), files_of("whole"));
  write_file(ledger, "{\"key\": 1}\n" + text);
  EXPECT_THROW(run("out"), std::invalid_argument);
}

TEST_F(InstructJob, KeepsToItsBudgetOverAllRuns) {
  json summary = run("out", {.parallel = 4, .budget = {.requests = 16}});
  EXPECT_EQ(summary["stopped"], "max_requests");
  EXPECT_EQ(summary["requests"], 16);
  EXPECT_EQ(summary["done"], 1);
  expect_paid_once(16);
  const auto data = open_instruction_dataset("llava:" + (directory_ / "out").string(), "", {.max_fault_share = 0});
  EXPECT_EQ(data->size(), 16U);
  EXPECT_EQ(validate(*data, 1).total(), 0U);
  summary = run("out", {.budget = {.requests = 16}});  // nothing is left of it
  EXPECT_EQ(summary["requests"], 16);
  expect_paid_once(16);
  summary = run("out", {.budget = {.tokens = 20 * 110}});
  EXPECT_EQ(summary["stopped"], "max_tokens_total");
  EXPECT_EQ(summary["requests"], 20);
  summary = run("out", {.budget = {.requests = 42}});
  EXPECT_FALSE(summary.contains("stopped"));
  expect_paid_once();
  run("whole");
  EXPECT_EQ(files_of("out"), files_of("whole"));
}

TEST_F(InstructJob, GoesOnWhereTheTeacherFails) {
  book_.fails_at = {3, 20};
  const json summary = run("out", {.max_fault_share = .1});
  EXPECT_EQ(summary["faults"]["total"], 2);
  EXPECT_EQ(summary["faults"]["list"][0], (json{{"id", "val/1#conversation"}, {"error", "no answer"}}));
  EXPECT_EQ(summary["samples"], 40);
  EXPECT_NE(read_file(directory_ / "out/index.html").find("no reply"), std::string::npos);
  book_.calls = 0;
  book_.fails_at = {0, 1, 2, 3, 4, 5, 6};
  const std::string error = testing::invalid_argument_of([&] { run("few", {.max_fault_share = .1}); });
  EXPECT_NE(error.find("7 of 12 questions have no reply, over the limit of 10 %: last no answer"), std::string::npos) << error;
}

TEST_F(InstructJob, RefusesOtherParametersAndNonsense) {
  run("out");
  EXPECT_NE(testing::invalid_argument_of([&] { run("out", {.seed = 4}); }).find("seed: 0, here 4"), std::string::npos);
  EXPECT_THROW(run("other", {.kinds = {}}), std::invalid_argument);
  EXPECT_THROW(run("other", {.kinds = {InstructKind::detail, InstructKind::detail}}), std::invalid_argument);
  EXPECT_THROW(run("other", {.parallel = 0}), std::invalid_argument);
  EXPECT_THROW(run("other", {.max_fault_share = 2}), std::invalid_argument);
}

// What is on disk was told another thing.
TEST_F(InstructJob, DataThatChangedInBetweenAreRefused) {
  const auto write = [&](const char* caption) {
    fs::create_directories(directory_ / "coco");
    write_file(directory_ / "coco/annotations.json", R"({"images": [{"id": 1, "file_name": "a.png", "width": 32, "height": 32}],
      "categories": [{"id": 4, "name": "dog"}], "annotations": [{"image_id": 1, "category_id": 4, "bbox": [0, 0, 9, 9]}]})");
    write_file(directory_ / "coco/captions.json", dump_json({{"images", {{{"id", 1}, {"file_name", "a.png"}}}},
                                                             {"annotations", {{{"image_id", 1}, {"caption", caption}}}}}));
  };
  write_image(directory_ / "a.png", Image(32, 32));
  const auto again = [&] {
    instruct([this] { return std::make_unique<PaidTeacher>(book_); },
             {.data = "coco:" + (directory_ / "coco").string(), .out = directory_ / "out", .max_fault_share = 1});
  };
  write("A dog.");
  again();
  EXPECT_NO_THROW(again());
  write("A cat.");
  EXPECT_NE(testing::invalid_argument_of(again).find("texts: "), std::string::npos);
}

TEST_F(InstructJob, SharesItsShardsOverRanks) {
  EXPECT_EQ(run("out", {.rank = {.rank = 1, .ranks = 2}}), (json{{"shards", 4}, {"done", 2}}));
  run("out", {.rank = {.rank = 0, .ranks = 2}});
  run("whole");
  EXPECT_EQ(files_of("out"), files_of("whole"));
}

// The information boundary: a conversation's teacher is told no box, and no teacher anything but the text.
TEST(InstructPrompt, TellsTheTextAndNothingElse) {
  const PictureText picture{.captions = {"a red dog"}, .boxes = {{.name = "red dog", .box = {.1F, .2F, .3F, .4F}}}};
  for (const InstructKind kind : {InstructKind::conversation, InstructKind::detail, InstructKind::reasoning}) {
    const std::string text = text_of(picture, parts_of(kind));
    const auto messages = instruct_prompt(kind, text);
    ASSERT_EQ(messages.size(), 6U);
    EXPECT_EQ(messages.front().role, "system");
    EXPECT_EQ(messages.back(), (ChatMessage{"user", text}));
    EXPECT_EQ(text.find('[') == std::string::npos, kind == InstructKind::conversation);
    // The examples keep their own rules.
    for (std::size_t example = 1; example + 1 < messages.size(); example += 2) {
      const auto objects =
          seen_objects(read_picture_text(instruct_prompt(InstructKind::detail, "")[example].content).boxes, Lexicon::world());
      const CheckedReply checked =
          check_reply(kind, {.text = messages[example + 1].content}, "Describe it.", objects, Lexicon::world());
      EXPECT_TRUE(checked.refused.empty()) << checked.refused.front().reason << ": " << checked.refused.front().why;
      EXPECT_EQ(checked.facts[0] + checked.facts[1], 0) << messages[example + 1].content;
      EXPECT_GT(checked.facts[2], 2);
    }
  }
}

TEST(InstructPage, ShowsTextAsText) {
  InstructSummary summary;
  InstructRecord record{.id = "a#detail",
                        .image = "<b>.png",
                        .kind = InstructKind::detail,
                        .prompt = "<script>",
                        .reply = {},
                        .checked = {},
                        .fault = {}};
  record.reply = TeacherReply{.text = "</pre><script>alert(1)</script>"};
  record.checked.refused.push_back({.round = {"\"q\"", "<img src=x onerror=alert(1)>"}, .reason = "form", .why = "a & b"});
  summary.add({.index = 0, .records = {record}});
  const std::string page = instruct_page(summary, [](std::size_t) -> Image { throw std::invalid_argument("a.png: <broken>"); });
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_NE(page.find("a.png: &lt;broken&gt;"), std::string::npos);
  EXPECT_NE(page.find("a &amp; b"), std::string::npos);
}

TEST(InstructRecord, ReadsBackWhatItWrites) {
  InstructRecord record{.id = "a#reasoning",
                        .image = "a.jpg",
                        .kind = InstructKind::reasoning,
                        .prompt = "text",
                        .reply = {},
                        .checked = {},
                        .fault = {}};
  record.reply = TeacherReply{.text = "x\xFF", .prompt_tokens = 3, .tokens = 4};
  record.checked = {.rounds = {{"q", "a"}}, .refused = {{.round = {"w", "b"}, .reason = "false", .why = "no"}}, .facts = {1, 2, 3}};
  const std::string line = dump_json(to_json(record));
  EXPECT_EQ(dump_json(to_json(read_instruct_record(line, "x:1"))), line);
  EXPECT_THROW(read_instruct_record("{}", "x:1"), std::invalid_argument);
}

}  // namespace
}  // namespace omma
