// omma annotate: folders of pictures to labels.
#include "omma/jobs/annotate.h"

#include <algorithm>
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

struct AnnotateCommand : CommonOptions {
  std::vector<std::string> images, phrases;
  AnnotateOptions annotate;
  std::string detector, segmenter;  // "": the zoo's
  bool masks = false;
  RankFlags rank;
};

void print_annotated(const json& summary, const std::string& out) {
  const json& failures = summary.at("failures");
  if (!summary.contains("pictures")) {
    print("{} of {} shards done, {} failures; the other ranks' are missing\n", dump_json(summary["done"]),
          dump_json(summary["shards"]), dump_json(failures["total"]));
    return;
  }
  print("{} pictures, {} of them without objects: {} objects, {} masks; {} failed\n", dump_json(summary["pictures"]),
        dump_json(summary["empty"]), dump_json(summary["objects"]), dump_json(summary["masks"]), dump_json(failures["total"]));
  for (const auto& [name, objects] : summary["classes"].items()) print("  {:<24} {:>8}\n", name, dump_json(objects));
  for (const json& failure : failures["list"]) print("  failed: {}\n", failure["error"].get<std::string>());
  print("{}: the data set; {}/job: summary.json, contact.png, records-*.jsonl\n", out, out);
}

// A model by its name or the zoo's, and what job.json is to hold of it.
fs::path find_job_model(const char* task, const char* what, const std::string& name, json& models) {
  const fs::path directory = find_model_for(task, name);
  models[what] = name.empty() ? directory.filename().string() : name;
  models[fmt::format("{}_contents", what)] = contents_of(directory);
  return directory;
}

int run_annotate(AnnotateCommand options) {
  apply(options);
  AnnotateOptions& job = options.annotate;
  check(options.masks || options.segmenter.empty(), "annotate: --segmenter makes masks: expected --masks with it");
  job.rank = job_rank(options.rank);
  job.out = options.out;
  job.threads = options.threads > 0 ? options.threads : available_threads();
  job.pictures = expand_images(options.images);
  check(std::ranges::find(job.pictures, fs::path("-")) == job.pictures.end(),
        "annotate: -: a job reads its pictures again when it goes on, which stdin cannot give");
  for (const std::string& phrase : options.phrases) job.phrases.push_back(read_annotated_phrase(phrase));
  job.models = {{"dtype", options.dtype}};
  InputPaths inputs = picture_inputs(options.images, job.pictures);
  const fs::path detector_directory = find_job_model("detect", "detector", options.detector, job.models);
  inputs.add_folder(detector_directory);
  fs::path segmenter_directory;
  if (options.masks) {
    segmenter_directory = find_job_model("segment", "segmenter", options.segmenter, job.models);
    inputs.add_folder(segmenter_directory);
  }
  expect_output_folder(inputs, options.out);
  expect_annotatable(job, options.masks);

  const auto detector = load_detector(detector_directory, load_options(options));
  const auto segmenter = options.masks ? load_segmenter(segmenter_directory, load_options(options)) : nullptr;
  json summary = annotate(*detector, segmenter.get(), job);
  summary["out"] = options.out;
  if (options.json)
    print_line(summary);
  else
    print_annotated(summary, options.out);
  return summary["failures"]["total"] == 0 ? kDone : kCallersMistake;
}

void add_label_flags(CLI::App& command, AnnotateCommand& options) {
  AnnotateOptions& job = options.annotate;
  command.add_option("--phrase", options.phrases, "a thing to look for, and the class that its labels say; repeat for several")
      ->required()
      ->allow_extra_args(false)
      ->type_name("P[=CLASS]");
  command.add_flag("--masks", options.masks, "masks, too: what a segmenter cuts out in each box");
  command.add_flag("--polygons", job.polygons, "of coco: polygons, not run lengths, as Label Studio's import needs");
  command.add_option("--format", job.format, "of the data set: coco, yolo, voc, odvg, with masks also sa1b and png")
      ->capture_default_str()
      ->type_name("F");
  command.add_option("--detector", options.detector, "finds the boxes (default: the zoo's)")->type_name("DIR|ID");
  command.add_option("--segmenter", options.segmenter, "makes the masks (default: the zoo's)")->type_name("DIR|ID");
  command.add_option("--box-threshold", job.box_threshold, "least score of an object (default: the detector's, else .35)")
      ->type_name("X");
  command.add_option("--nms", job.nms, "suppress boxes that overlap a better one by more than this IoU (default: none are)")
      ->type_name("T");
}

}  // namespace

void add_annotate(CLI::App& app) {
  auto options = std::make_shared<AnnotateCommand>();
  AnnotateOptions& job = options->annotate;
  CLI::App& command = *app.add_subcommand("annotate", "label folders of pictures with boxes and masks; resumes");
  command.add_option("IMAGE", options->images, "files, directories or @list.txt")->required()->type_name("");
  command.add_option("--out", options->out, "directory to write; an unfinished job in it goes on")->required()->type_name("DIR");
  add_label_flags(command, *options);
  command.add_flag("--resume", job.accepts_new,
                   "take pictures in that the job in --out does not have yet, and those that failed and can be read now");
  command.add_option("--samples-per-shard", job.samples_per_shard, "pictures that are done as one: what a kill may cost")
      ->capture_default_str()
      ->type_name("N");
  add_batch_flag(command, job.batch);
  add_rank_flags(command, options->rank);
  add_device_flags(command, *options);
  add_command(command, "omma annotate photos --phrase \"shot glass=cup\" --phrase dog --out labels",
              [options] { return run_annotate(*options); });
}

}  // namespace omma::app
