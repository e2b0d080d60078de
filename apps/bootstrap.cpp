// omma bootstrap: noisy pairs of pictures and texts to clean ones.
#include "omma/jobs/bootstrap.h"

#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/job_flags.h"
#include "apps/outputs.h"
#include "apps/process.h"
#include "omma/base/error.h"
#include "omma/base/threads.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

namespace fs = std::filesystem;

struct BootstrapCommand : CommonOptions {
  BootstrapOptions bootstrap;
  std::string captioner, filter;  // "": the zoo's
  RankFlags rank;
};

void print_summary(const json& summary, const std::string& out) {
  if (!summary.contains("samples")) {
    print("{} of {} shards done; the other ranks' are missing\n", dump_json(summary["done"]), dump_json(summary["shards"]));
    return;
  }
  const auto number = [&](const char* path) { return dump_json(summary.at(json::json_pointer(path))); };
  print("{} samples: {} of {} web texts kept, {} of {} synthetic texts ({} distinct), {} faulty\n", number("/samples"),
        number("/web/kept"), number("/web/texts"), number("/synthetic/kept"), number("/synthetic/texts"),
        number("/synthetic/distinct"), number("/faults/total"));
  if (summary.contains("web_filter")) {
    const auto share = [&](const char* name) {
      const json& value = summary["web_filter"][name];
      return value.is_null() ? "-" : fmt::format("{:.3f}", value.get<double>());
    };
    print("the filter on web texts that are known to be wrong: precision {}, recall {}\n", share("precision"), share("recall"));
  }
  print("{}: clean-*.tar, records-*.jsonl, summary.json, contact.png\n", out);
}

int run_bootstrap(BootstrapCommand options) {
  apply(options);
  BootstrapOptions& job = options.bootstrap;
  job.rank = job_rank(options.rank);
  job.out = options.out;
  job.threads = options.threads > 0 ? options.threads : available_threads();
  const fs::path captioner_directory = find_model_for("caption", options.captioner);
  const fs::path filter_directory = find_model_for("match", options.filter);
  if (options.captioner.empty()) options.captioner = captioner_directory.filename();
  if (options.filter.empty()) options.filter = filter_directory.filename();
  InputPaths inputs;
  inputs.add_folder(captioner_directory);
  inputs.add_folder(filter_directory);
  add_data(inputs, job.data);
  expect_output_folder(inputs, options.out);
  expect_own_folder(job.out);
  const auto captioner = load_captioner(captioner_directory, load_options(options));
  const auto filter = load_matcher(filter_directory, load_options(options));
  job.models = {{"captioner", options.captioner},
                {"captioner_contents", contents_of(captioner_directory)},
                {"filter", options.filter},
                {"filter_contents", contents_of(filter_directory)},
                {"dtype", options.dtype}};
  json summary = bootstrap(*captioner, *filter, job);
  summary["out"] = options.out;
  if (options.json)
    print_line(summary);
  else
    print_summary(summary, options.out);
  return kDone;
}

void add_job_flags(CLI::App& command, BootstrapCommand& options) {
  BootstrapOptions& job = options.bootstrap;
  command.add_option("--samples-per-shard", job.samples_per_shard, "of data that is not in shards already")
      ->capture_default_str()
      ->type_name("N");
  command.add_option("--max-fault-share", job.max_fault_share, "stop where more of the samples than this are unreadable or faulty")
      ->capture_default_str()
      ->type_name("X");
  add_rank_flags(command, options.rank);
}

}  // namespace

void add_bootstrap(CLI::App& app) {
  auto options = std::make_shared<BootstrapCommand>();
  BootstrapOptions& job = options->bootstrap;
  CLI::App& command = *app.add_subcommand("bootstrap", "CapFilt: caption pictures anew, keep what describes them; resumes");
  command.add_option("--data", job.data, "pictures with texts: webdataset, folder, blip, coco or world")
      ->required()
      ->type_name("KIND:PATH");
  command.add_option("--split", job.split, "part of the data set")->type_name("S");
  command.add_option("--out", options->out, "directory to write; an unfinished job in it goes on")->required()->type_name("DIR");
  command.add_option("--captioner", options->captioner, "writes the synthetic texts (default: the zoo's)")->type_name("DIR|ID");
  command.add_option("--filter", options->filter, "judges all texts (default: the zoo's)")->type_name("DIR|ID");
  command.add_option("--threshold", job.threshold, "least matching probability of a text that is kept")
      ->capture_default_str()
      ->type_name("X");
  command.add_option("--top-p", job.top_p, "of nucleus sampling")->capture_default_str()->type_name("P");
  command.add_option("--seed", job.seed, "of sampling")->capture_default_str()->type_name("S");
  add_batch_flag(command, job.batch);
  add_job_flags(command, *options);
  add_device_flags(command, *options);
  add_command(command, "omma bootstrap --data webdataset:shards --out clean", [options] { return run_bootstrap(*options); });
}

}  // namespace omma::app
