#include "omma/train/trainer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "omma/base/file.h"
#include "omma/base/log.h"
#include "omma/io/tensor_file.h"
#include "omma/train/stop_request.h"
#include "tests/temporary_directory.h"
#include "tests/unit/train/line_fit_task.h"

namespace omma {
namespace {

using testing::LineFitTask;
using testing::TemporaryDirectory;

class Trainer : public ::testing::Test {
 protected:
  void SetUp() override { set_log_sink(nullptr); }

  json recipe(json changes = json::object()) {
    json object = {{"task", "line-fit"},
                   {"seed", 5},
                   {"steps", 40},
                   {"learning_rate", 0.02},
                   {"clip_norm", 1.0},
                   {"ema_decay", 0.9},
                   {"log_every", 1},
                   {"threads", 1},
                   {"loader_threads", 2},
                   {"schedule", {{"kind", "cosine"}, {"warmup_steps", 5}}},
                   {"parameter_groups", {{{"pattern", "body."}, {"learning_rate", 0.5}}}}};
    object.update(changes);
    return object;
  }
  TrainingOutcome run(LineFitTask& task, const json& recipe, const TrainingOptions& options) {
    return train(task, read_config<TrainerConfig>(recipe, "recipe", UnknownFields::reject), recipe, options);
  }
  TemporaryDirectory directory;
};

std::vector<json> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

std::map<std::string, std::string> tensors_of(const std::filesystem::path& file) {
  std::map<std::string, std::string> tensors;
  const TensorFile contents = read_safetensors(file);
  for (const TensorView& view : contents.tensors()) tensors[view.name] = {view.bytes.begin(), view.bytes.end()};
  return tensors;
}

TEST_F(Trainer, LearnsAndWritesEverything) {
  LineFitTask task;
  const auto outcome = run(task, recipe({{"steps", 200}}), {.out = directory / "run", .resume = false, .stop_after = {}});
  EXPECT_EQ(outcome.end, TrainingOutcome::End::finished);
  EXPECT_EQ(outcome.step, 200);
  EXPECT_LT(task.losses.back(), 0.5 * task.losses.front());
  EXPECT_EQ(outcome.validation["seen"], 200);
  for (const char* name : {"recipe.json", "log.jsonl", "checkpoint.safetensors", "model/weights"})
    EXPECT_TRUE(std::filesystem::exists(directory / "run" / name)) << name;
  const auto lines = lines_of(directory / "run/log.jsonl");
  ASSERT_EQ(lines.size(), 201U);
  EXPECT_EQ(lines[9]["step"], 10);
  EXPECT_EQ(lines[9]["loss"], task.losses[9]);
  EXPECT_TRUE(lines[9].contains("loss_line"));
  EXPECT_TRUE(lines.back().contains("validation"));
}

TEST_F(Trainer, ResumesBitForBit) {
  LineFitTask whole;
  run(whole, recipe(), {.out = directory / "whole", .resume = false, .stop_after = {}});
  LineFitTask first;
  const auto half = run(first, recipe(), {.out = directory / "parts", .resume = false, .stop_after = 17});
  EXPECT_EQ(half.end, TrainingOutcome::End::stopped);
  EXPECT_EQ(half.step, 17);
  LineFitTask second;
  const auto rest = run(second, recipe(), {.out = directory / "parts", .resume = true, .stop_after = {}});
  EXPECT_EQ(rest.end, TrainingOutcome::End::finished);

  std::vector<double> curve = first.losses;
  curve.insert(curve.end(), second.losses.begin(), second.losses.end());
  EXPECT_EQ(curve, whole.losses);
  EXPECT_EQ(tensors_of(directory / "parts/checkpoint.safetensors"), tensors_of(directory / "whole/checkpoint.safetensors"));
  EXPECT_EQ(read_file(directory / "parts/model/weights"), read_file(directory / "whole/model/weights"));
  EXPECT_EQ(lines_of(directory / "parts/log.jsonl").size(), lines_of(directory / "whole/log.jsonl").size());
}

// They may have come from elsewhere: a resumed run starts from its checkpoint alone.
TEST_F(Trainer, FrozenWeightsAreKeptInTheCheckpoint) {
  const json frozen = recipe({{"parameter_groups", {{{"pattern", "body."}, {"learning_rate", 0}}}}});
  const auto body_of = [](LineFitTask& task) { return task.module().named_parameters().begin()->value(); };
  LineFitTask first;
  {
    const torch::NoGradGuard no_grad;
    body_of(first).fill_(0.25);
  }
  run(first, frozen, {.out = directory / "run", .resume = false, .stop_after = 10});
  LineFitTask second;
  run(second, frozen, {.out = directory / "run", .resume = true, .stop_after = {}});
  EXPECT_TRUE((body_of(second) == 0.25).all().item<bool>());
}

TEST_F(Trainer, AccumulatedBatchesCountAsOneStep) {
  LineFitTask task;
  const auto outcome =
      run(task, recipe({{"accumulate", 4}, {"steps", 10}}), {.out = directory / "run", .resume = false, .stop_after = {}});
  EXPECT_EQ(outcome.step, 10);
  EXPECT_EQ(task.losses.size(), 40U);
}

TEST_F(Trainer, NotFiniteLossStopsAndKeepsTheCheckpoint) {
  LineFitTask task;
  run(task, recipe(), {.out = directory / "run", .resume = false, .stop_after = 10});
  const auto before = read_file(directory / "run/checkpoint.safetensors");
  LineFitTask poisoned;
  poisoned.poisoned_batch = 20;
  try {
    run(poisoned, recipe(), {.out = directory / "run", .resume = true, .stop_after = {}});
    FAIL() << "went on after NaN";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("step 20: the loss is nan"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("last checkpoint is kept"), std::string::npos) << error.what();
  }
  EXPECT_EQ(read_file(directory / "run/checkpoint.safetensors"), before);
}

TEST_F(Trainer, FailedLoaderEndsTheRun) {
  LineFitTask task;
  task.before_prepare = [](int64_t number) {
    if (number == 6) fail("picture 6: broken");
  };
  const std::string message =
      testing::invalid_argument_of([&] { run(task, recipe(), {.out = directory / "run", .resume = false, .stop_after = {}}); });
  EXPECT_EQ(message, "picture 6: broken");
  EXPECT_EQ(task.losses.size(), 6U);
}

TEST_F(Trainer, FirstSignalCheckpointsAndStops) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    ::signal(signal, SIG_DFL);  // a shell's background jobs ignore SIGINT
    LineFitTask task;
    task.before_step = [&](int64_t number) {
      if (number != 12) return;
      ::raise(signal);
      ::raise(SIGTERM);  // the same request
    };
    const auto out = directory / std::to_string(signal);
    const auto outcome = run(task, recipe(), {.out = out, .resume = false, .stop_after = {}});
    EXPECT_EQ(outcome.end, TrainingOutcome::End::stopped);
    EXPECT_EQ(outcome.step, 13);
    EXPECT_EQ(outcome.signal, signal);
    LineFitTask rest;
    EXPECT_EQ(run(rest, recipe(), {.out = out, .resume = true, .stop_after = {}}).step, 40);
    EXPECT_EQ(rest.losses.size(), 27U);
  }
}

TEST(StopRequest, ALaterSignalEndsTheProcess) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);
  EXPECT_EXIT(
      {
        const StopRequest stop;
        ::raise(SIGTERM);
        if (stop.signal() == SIGTERM) ::usleep(2'100'000);
        ::raise(SIGINT);
        ::_exit(0);
      },
      ::testing::KilledBySignal(SIGINT), "");
  EXPECT_EXIT(
      {
        {
          const StopRequest stop;
          ::raise(SIGTERM);
        }
        ::raise(SIGTERM);  // while the program tells how the run ended
        ::_exit(7);
      },
      ::testing::ExitedWithCode(7), "");
}

TEST_F(Trainer, StopsWhenTheTimeIsUp) {
  LineFitTask task;
  task.before_step = [](int64_t) { ::usleep(20'000); };
  const auto outcome =
      run(task, recipe({{"max_minutes", 0.1 / 60}}), {.out = directory / "run", .resume = false, .stop_after = {}});
  EXPECT_EQ(outcome.end, TrainingOutcome::End::time_up);
  EXPECT_LT(outcome.step, 40);
  EXPECT_TRUE(std::filesystem::exists(directory / "run/model/weights"));
}

// Longer than its recipe said: finished or stopped, a run takes more steps.
TEST_F(Trainer, ARunGrows) {
  const auto steps_of = [&](int64_t steps) { return recipe({{"steps", steps}}); };
  LineFitTask task, longer;
  EXPECT_EQ(run(task, steps_of(10), {.out = directory / "run", .resume = false, .stop_after = {}}).step, 10);
  EXPECT_EQ(read_json(outcome_file(directory / "run"))["step"], 10);
  EXPECT_EQ(run(longer, steps_of(15), {.out = directory / "run", .resume = true, .stop_after = 12}).step, 12);
  EXPECT_FALSE(std::filesystem::exists(outcome_file(directory / "run")));  // there is more to do
  LineFitTask rest;
  EXPECT_EQ(run(rest, steps_of(15), {.out = directory / "run", .resume = true, .stop_after = {}}).end,
            TrainingOutcome::End::finished);
  EXPECT_EQ(rest.losses.size(), 3U);
  EXPECT_EQ(read_json(directory / "run/recipe.json")["steps"], 15);
  EXPECT_NE(testing::invalid_argument_of([&] {
              run(rest, steps_of(10), {.out = directory / "run", .resume = true, .stop_after = {}});
            }).find("steps: 15, here 10"),
            std::string::npos);
}

TEST_F(Trainer, RefusesADirectoryInUseOrUsed) {
  LineFitTask task;
  std::filesystem::create_directories(directory / "run");
  {
    const DirectoryLock lock(directory / "run");
    const std::string message =
        testing::invalid_argument_of([&] { run(task, recipe(), {.out = directory / "run", .resume = false, .stop_after = {}}); });
    EXPECT_NE(message.find(fmt::format("in use by process {}", ::getpid())), std::string::npos) << message;
  }
  EXPECT_NE(testing::invalid_argument_of([&] {
              run(task, recipe(), {.out = directory / "run", .resume = true, .stop_after = {}});
            }).find("no checkpoint to resume from"),
            std::string::npos);
  run(task, recipe(), {.out = directory / "run", .resume = false, .stop_after = 3});
  EXPECT_NE(testing::invalid_argument_of([&] {
              LineFitTask again;
              run(again, recipe(), {.out = directory / "run", .resume = false, .stop_after = {}});
            }).find("holds a training run already"),
            std::string::npos);
  EXPECT_NE(testing::invalid_argument_of([&] {
              LineFitTask other;
              run(other, recipe({{"learning_rate", 0.5}}), {.out = directory / "run", .resume = true, .stop_after = {}});
            }).find("made by another recipe: learning_rate: 0.02, here 0.5"),
            std::string::npos);
}

// A process killed at any moment leaves a run that resumes to the same end.
TEST_F(Trainer, KilledRunsResume) {
  LineFitTask whole;
  run(whole, recipe(), {.out = directory / "whole", .resume = false, .stop_after = {}});
  const json often = recipe({{"checkpoint_minutes", 0}});
  for (const int64_t victim : {3, 14, 31}) {
    const auto out = directory / std::to_string(victim);
    const pid_t child = ::fork();
    if (child == 0) {
      at::set_num_threads(1);
      LineFitTask task;
      task.before_step = [&](int64_t number) {
        if (number == victim) ::kill(::getpid(), SIGKILL);
      };
      run(task, often, {.out = out, .resume = false, .stop_after = {}});
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    LineFitTask rest;
    run(rest, often, {.out = out, .resume = true, .stop_after = {}});
    EXPECT_EQ(rest.losses, std::vector<double>(whole.losses.begin() + victim, whole.losses.end())) << victim;
  }
}

// A disk that takes no more bytes (a file size limit stands for it) keeps the previous checkpoint.
TEST_F(Trainer, FullDiskKeepsThePreviousCheckpoint) {
  LineFitTask task;
  run(task, recipe(), {.out = directory / "run", .resume = false, .stop_after = 10});
  const auto before = read_file(directory / "run/checkpoint.safetensors");
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    LineFitTask rest;
    rest.before_step = [](int64_t number) {
      const rlimit limit{1000, 1000};
      if (number == 15) ::setrlimit(RLIMIT_FSIZE, &limit);
    };
    try {
      run(rest, recipe({{"log_every", 1000}}), {.out = directory / "run", .resume = true, .stop_after = 20});
    } catch (const std::runtime_error&) {
      ::_exit(3);
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_EQ(read_file(directory / "run/checkpoint.safetensors"), before);
}

}  // namespace
}  // namespace omma
