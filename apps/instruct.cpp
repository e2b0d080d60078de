// omma instruct: instruction data from pictures in words, written by a teacher that sees none.
#include "omma/jobs/instruct.h"

#include <algorithm>
#include <memory>

#include "apps/chat_teacher.h"
#include "apps/command.h"
#include "apps/commands.h"
#include "apps/job_flags.h"
#include "apps/outputs.h"
#include "apps/process.h"
#include "omma/base/error.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

namespace fs = std::filesystem;

struct InstructCommand : CommonOptions {
  InstructOptions instruct;
  std::string teacher = "oracle", llm_model = "default";
  std::vector<std::string> kinds;
  double llm_timeout = 120;
  int retries = 4;
  RankFlags rank;
};

bool is_server(const std::string& teacher) { return teacher.starts_with("http://") || teacher.starts_with("https://"); }

struct NamedTeacher {
  TeacherMaker make;
  json name;  // for job.json
};

NamedTeacher server_teacher(const InstructCommand& options) {
  ChatClientOptions chat;
  chat.url = options.teacher;
  chat.model = options.llm_model;
  chat.api_key = api_key_from_environment();
  chat.silence_timeout = std::chrono::milliseconds(static_cast<std::int64_t>(options.llm_timeout * 1000));
  chat.retry.retries = options.retries;
  chat.retry.after_text = true;
  const std::string shown = ChatClient(chat).shown_url();  // tells a bad URL now
  return {[chat] { return std::make_unique<ChatTeacher>(chat); }, {{"teacher", shown}, {"llm_model", options.llm_model}}};
}

NamedTeacher open_teacher(const InstructCommand& options) {
  if (options.teacher == "oracle") return {[] { return std::make_unique<OracleTeacher>(); }, {{"teacher", "oracle"}}};
  if (is_server(options.teacher)) return server_teacher(options);
  check(options.instruct.parallel == 1, "--parallel: a model in a directory answers one question at a time, got {}",
        options.instruct.parallel);
  const fs::path model = find_model(options.teacher);
  const LoadOptions load = load_options(options);
  const auto tasks = inspect_model(model).tasks;
  const bool chats = std::ranges::count(tasks, "chat") > 0;
  return {[model, load, chats]() -> std::unique_ptr<Teacher> {
            if (chats) return std::make_unique<ChatModelTeacher>(load_chat_model(model, load));
            return std::make_unique<LanguageModelTeacher>(load_language_model(model, load));
          },
          {{"teacher", options.teacher}, {"teacher_contents", contents_of(model)}, {"dtype", options.dtype}}};
}

void print_instruct_summary(const json& summary, const std::string& out) {
  const auto number = [&](const char* path) { return dump_json(summary.at(json::json_pointer(path))); };
  if (!summary.contains("samples")) {
    print("{} of {} shards done; the other ranks' are missing\n", number("/done"), number("/shards"));
    return;
  }
  print("{} pictures: {} samples with {} rounds, {} rounds refused, {} questions without a reply\n", number("/pictures"),
        number("/samples"), number("/rounds"), number("/refused/total"), number("/faults/total"));
  print("facts that could be judged: {} true, {} false; {} undecided\n", number("/facts/true"), number("/facts/false"),
        number("/facts/undecided"));
  print("{} replies, {} prompt tokens, {} tokens\n", number("/requests"), number("/prompt_tokens"), number("/tokens"));
  print("{}: instruct.json, index.html, records-*.jsonl, summary.json, prompts.json\n", out);
}

int run_instruct(InstructCommand options) {
  apply(options);
  InstructOptions& job = options.instruct;
  job.rank = job_rank(options.rank);
  job.out = options.out;
  if (!options.kinds.empty()) job.kinds.clear();
  for (const std::string& kind : options.kinds) job.kinds.push_back(parse_instruct_kind(kind));
  InputPaths inputs;
  add_data(inputs, job.data);
  if (options.teacher != "oracle" && !is_server(options.teacher)) inputs.add_folder(find_model(options.teacher));
  expect_output_folder(inputs, options.out);
  expect_own_folder(job.out);
  const NamedTeacher teacher = open_teacher(options);
  job.teacher = teacher.name;
  json summary = instruct(teacher.make, job);
  summary["out"] = options.out;
  if (options.json)
    print_line(summary);
  else
    print_instruct_summary(summary, options.out);
  if (!summary.contains("stopped")) return kDone;
  const bool by_requests = summary["stopped"] == "max_requests";
  fail_runtime("instruct: stopped by {}; the job goes on with a larger one", by_requests ? "--max-requests" : "--max-tokens-total");
}

void add_teacher_flags(CLI::App& command, InstructCommand& options) {
  InstructOptions& job = options.instruct;
  command
      .add_option("--teacher", options.teacher,
                  "who writes: a chat server's base URL, such as http://127.0.0.1:8080/v1; the directory of a language model; or "
                  "oracle: the world's rules, given nothing but the text")
      ->required()
      ->type_name("URL|DIR|oracle");
  command.add_option("--llm-model", options.llm_model, "the server's name of the model")->capture_default_str()->type_name("NAME");
  command.add_option("--llm-timeout", options.llm_timeout, "longest silence of the server, before its first byte or the next")
      ->capture_default_str()
      ->type_name("S");
  command.add_option("--retries", options.retries, "of a request that fails in passing; waits grow, and honour Retry-After")
      ->check(CLI::Range(0, 20))
      ->capture_default_str()
      ->type_name("N");
  command.add_option("--parallel", job.parallel, "requests at once")->capture_default_str()->type_name("N");
  command
      .add_option("--max-requests", job.budget.requests,
                  "stop after so many replies, those of earlier runs among them (default: no "
                  "limit)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command
      .add_option("--max-tokens-total", job.budget.tokens,
                  "stop once prompts and replies have taken so many tokens, in all runs (default: no limit)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
}

}  // namespace

void add_instruct(CLI::App& app) {
  auto options = std::make_shared<InstructCommand>();
  InstructOptions& job = options->instruct;
  CLI::App& command = *app.add_subcommand("instruct", "have instruction data written about pictures in words; resumes");
  command.add_option("--data", job.data, "pictures with captions and boxes: coco (a folder with both) or world")
      ->required()
      ->type_name("KIND:PATH");
  command.add_option("--split", job.split, "part of the data set")->type_name("S");
  command.add_option("--out", options->out, "directory to write; an unfinished job in it goes on")->required()->type_name("DIR");
  command.add_option("--kinds", options->kinds, "conversation, detail, reasoning (default: all)")->delimiter(',')->type_name("K,K");
  command.add_option("--count", job.count, "the first so many pictures; default: all")->check(CLI::PositiveNumber)->type_name("N");
  command.add_option("--seed", job.seed, "of the teacher")->capture_default_str()->type_name("S");
  add_teacher_flags(command, *options);
  command.add_option("--pictures-per-shard", job.pictures_per_shard, "what is finished at once")
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option("--max-fault-share", job.max_fault_share,
                  "stop where more of the data than this are faulty, or of the questions have no reply")
      ->capture_default_str()
      ->type_name("X");
  add_rank_flags(command, options->rank);
  add_device_flags(command, *options);
  add_command(command, "omma instruct --data world:seed=7,count=20 --teacher oracle --out instruct",
              [options] { return run_instruct(*options); });
}

}  // namespace omma::app
