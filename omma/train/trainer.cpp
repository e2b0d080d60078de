#include "omma/train/trainer.h"

#include <array>
#include <chrono>
#include <cmath>
#include <csignal>
#include <fstream>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/log.h"
#include "omma/base/progress.h"
#include "omma/base/rng.h"
#include "omma/base/threads.h"
#include "omma/nn/autocast.h"
#include "omma/train/checkpoint.h"
#include "omma/train/frozen.h"
#include "omma/train/parameter_store.h"
#include "omma/train/run_log.h"
#include "omma/train/schedule.h"
#include "omma/train/stop_request.h"

namespace omma {
namespace fs = std::filesystem;
using torch::Tensor;

namespace {

using Clock = std::chrono::steady_clock;

class Run {
 public:
  Run(TrainingTask& task, const TrainerConfig& config, const json& recipe, const TrainingOptions& options)
      : task_(task),
        config_(config),
        options_(options),
        ranks_(options.collective == nullptr ? 1 : options.collective->size()),
        rank_(options.collective == nullptr ? 0 : options.collective->rank()),
        device_(config.device),
        store_((task.module().to(device_), task.module()), config),
        state_{.tensors = {}, .step = 0, .seconds = 0, .recipe = recipe} {
    if (rank_ == 0) lock_.emplace((fs::create_directories(options.out), options.out));
    expect_equal_start();
    if (options.collective != nullptr) reducer_ = options.collective->reducer(store_.trained());
    for (auto& entry : store_.state()) state_.tensors.push_back(std::move(entry));
    for (auto& item : task.module().named_buffers()) state_.tensors.emplace_back("buffer." + item.key(), item.value());
    const fs::path checkpoint = checkpoint_file(options_.out);
    if (options.resume) {
      check(fs::exists(checkpoint), "{}: no checkpoint to resume from", options.out.string());
      read_checkpoint(checkpoint, state_);
      store_.set_steps_taken(state_.step);
    } else {
      check(!fs::exists(checkpoint), "{}: holds a training run already: resume it or choose another directory",
            options.out.string());
    }
    if (rank_ == 0) write_file(options.out / "recipe.json", dump_json(recipe, 2) + "\n");
    if (rank_ == 0) fs::remove(outcome_file(options.out));
  }

  TrainingOutcome run() {
    StopRequest stop;
    if (rank_ == 0) log_.emplace(options_.out / "log.jsonl", state_.step);
    Progress progress("train", config_.steps, state_.step);
    BatchLoader loader([this](int64_t number) { return task_.prepare(batch_number(number)); }, state_.step * config_.accumulate,
                       config_.loader_threads);
    train_what_learns(task_.module());
    started_ = last_checkpoint_ = Clock::now();
    const double spent_before = state_.seconds;
    while (true) {
      state_.seconds = spent_before + seconds_since(started_);
      if (state_.step >= config_.steps)
        outcome_.end = TrainingOutcome::End::finished;
      else if (any(stop.signal() != 0 || (options_.stop_after && state_.step >= *options_.stop_after)))
        outcome_.end = TrainingOutcome::End::stopped;
      else if (any(config_.max_minutes > 0 && state_.seconds > 60 * config_.max_minutes))
        outcome_.end = TrainingOutcome::End::time_up;
      else {
        step(loader);
        if (rank_ == 0) progress.advance(1, fmt::format("loss {:.4f}", outcome_.loss));
        if (rank_ == 0) between_steps();
        continue;
      }
      break;
    }
    if (outcome_.end == TrainingOutcome::End::stopped) outcome_.signal = ranks_ > 1 && stop.signal() == 0 ? SIGTERM : stop.signal();
    finish();
    return outcome_;
  }

 private:
  static double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

  // Of this rank's batch among all ranks'.
  int64_t batch_number(int64_t number) const { return number * ranks_ + rank_; }
  bool any(bool value) const { return options_.collective == nullptr ? value : options_.collective->any(value); }

  void expect_equal_start() const {
    if (options_.collective == nullptr) return;
    for (const Tensor& sum : options_.collective->gather_list(store_.parameters().to(torch::kDouble).sum().reshape({1})))
      check(sum.equal(store_.parameters().to(torch::kDouble).sum().reshape({1})),
            "training: the processes start from different weights");
  }

  void step(BatchLoader& loader) {
    store_.zero_gradients();
    double loss = 0;
    std::vector<std::pair<std::string, Tensor>> parts;
    for (int64_t i = 0; i < config_.accumulate; ++i) {
      const PreparedStep prepared = loader.next();
      const int64_t number = batch_number(state_.step * config_.accumulate + i);
      torch::manual_seed(Rng(config_.seed, static_cast<std::uint64_t>(number)).bits());
      StepLoss cost = [&] {
        const Autocast autocast(device_.type(), config_.bf16);
        return prepared();
      }();
      if (reducer_ != nullptr && i + 1 == config_.accumulate) reducer_->expect_backward(cost.total);
      cost.total.backward();
      loss += cost.total.item<double>() / static_cast<double>(config_.accumulate);
      parts = std::move(cost.parts);
    }
    if (options_.collective != nullptr) loss = mean_of_ranks(loss);
    const double norm = store_.clip_gradients(1.0 / static_cast<double>(config_.accumulate));
    if (!std::isfinite(loss) || !std::isfinite(norm))
      fail_runtime("training: step {}: the loss is {} and the gradient's norm {}; {}", state_.step, loss, norm,
                   fs::exists(checkpoint_file(options_.out)) ? "the last checkpoint is kept" : "there is no checkpoint yet");
    const double rate = config_.learning_rate * learning_rate_factor(config_.schedule, state_.step, config_.steps);
    store_.step(rate);
    ++state_.step;
    outcome_.loss = outcome_.loss == 0 ? loss : 0.95 * outcome_.loss + 0.05 * loss;
    if (rank_ != 0 || state_.step % config_.log_every != 0) return;
    json line = {
        {"step", state_.step}, {"loss", loss}, {"learning_rate", rate}, {"gradient_norm", norm}, {"seconds", state_.seconds}};
    for (const auto& [name, part] : parts) line[name] = part.item<double>();
    log_->write(line);
  }

  double mean_of_ranks(double loss) const {
    const Tensor total = torch::tensor({loss}, torch::kDouble);
    options_.collective->sum(total);
    return total.item<double>() / ranks_;
  }

  void between_steps() {
    if (config_.validate_every > 0 && state_.step % config_.validate_every == 0 && state_.step < config_.steps) evaluate();
    if (seconds_since(last_checkpoint_) < 60 * config_.checkpoint_minutes) return;
    write_checkpoint(checkpoint_file(options_.out), state_);
    last_checkpoint_ = Clock::now();
  }

  // Validates and saves the model, with the averaged weights where there are any.
  void evaluate() {
    torch::NoGradGuard no_grad;
    store_.swap_average();
    task_.module().eval();
    try {
      outcome_.validation = task_.validate();
      task_.save_model(options_.out / "model");
    } catch (...) {
      store_.swap_average();
      throw;
    }
    train_what_learns(task_.module());
    store_.swap_average();
    log_->write({{"step", state_.step}, {"validation", outcome_.validation}});
    log_info("step {}: validation {}", state_.step, dump_json(outcome_.validation));
  }

  void finish() {
    outcome_.step = state_.step;
    outcome_.seconds = state_.seconds;
    outcome_.data_faults = task_.data_faults();
    if (rank_ != 0) return;
    write_checkpoint(checkpoint_file(options_.out), state_);
    if (outcome_.end == TrainingOutcome::End::stopped)
      log_info("stopped after step {} of {}: resume from {}", state_.step, config_.steps, checkpoint_file(options_.out).string());
    else {
      evaluate();
      write_file(outcome_file(options_.out), dump_json(to_json(outcome_), 2) + "\n");
    }
  }

  TrainingTask& task_;
  TrainerConfig config_;
  TrainingOptions options_;
  int ranks_, rank_;
  std::optional<DirectoryLock> lock_;  // these two on rank 0
  std::optional<RunLog> log_;
  torch::Device device_;
  ParameterStore store_;
  std::unique_ptr<GradientReducer> reducer_;  // with several ranks
  CheckpointState state_;
  TrainingOutcome outcome_;
  Clock::time_point started_, last_checkpoint_;
};

}  // namespace

std::string_view name_of(TrainingOutcome::End end) {
  constexpr std::array<std::string_view, 3> names = {"finished", "time_up", "stopped"};
  return names[static_cast<std::size_t>(end)];
}

json to_json(const TrainingOutcome& outcome) {
  json object = {{"stopped", name_of(outcome.end)},
                 {"step", outcome.step},
                 {"loss", outcome.loss},
                 {"seconds", outcome.seconds},
                 {"validation", outcome.validation}};
  if (!outcome.data_faults.empty()) object["data_faults"] = outcome.data_faults;
  return object;
}

fs::path checkpoint_file(const fs::path& out) { return out / "checkpoint.safetensors"; }
fs::path outcome_file(const fs::path& out) { return out / "outcome.json"; }

TrainingOutcome train(TrainingTask& task, const TrainerConfig& config, const json& recipe, const TrainingOptions& options) {
  at::set_num_threads(config.threads > 0 ? static_cast<int>(config.threads) : available_threads());
  return Run(task, config, recipe, options).run();
}

}  // namespace omma
