// omma validate: what is wrong with a data set, sample by sample, before a training run spends hours on it.
#include "omma/data/validate.h"

#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/process.h"
#include "omma/base/threads.h"

namespace omma::app {
namespace {

struct ValidateOptions : CommonOptions {
  std::string data, split, task = "detection";
  std::filesystem::path images;
  double max_fault_share = .05;
};

// What a training of these data would leave out decides the status.
template <class Dataset>
int show_faults(const Dataset& dataset, const ValidateOptions& options) {
  const DatasetReport report = validate(dataset, options.threads > 0 ? options.threads : available_threads());
  const LeftOutCount records = report.records(), objects = report.objects();
  const std::size_t usable = dataset.size() - (records.left_out - dataset.report().records().left_out);
  const bool usable_data = usable > 0 && report.fault_share() <= options.max_fault_share;
  if (options.json) {
    json line = report.to_json();
    line["usable"] = usable;
    print_line(line);
    return usable_data ? kDone : kFailure;
  }
  print("{}: {} usable samples, {} faults{}{}\n", options.data, usable, report.total(), report.total() > 0 ? ": " : "",
        report.summary());
  for (const DatasetIssue& issue : report.issues()) print("  {}: {}: {}\n", name_of(issue.fault), issue.sample, issue.message);
  if (report.total() > report.issues().size()) print("  and {} more\n", report.total() - report.issues().size());
  if (!usable_data)
    print("left out: {} of {} records, {} of {} objects: over the limit of {:g} %\n", records.left_out, records.all,
          objects.left_out, objects.all, 100 * options.max_fault_share);
  return usable_data ? kDone : kFailure;
}

int run_validate(const ValidateOptions& options) {
  apply(options);
  // However much is faulty: that is what is asked for.
  if (options.task == "caption")
    return show_faults(*open_caption_dataset(options.data, options.split, {.max_fault_share = 1}), options);
  if (options.task == "segmentation")
    return show_faults(*open_segmentation_dataset(options.data, options.split, {.max_fault_share = 1}), options);
  if (options.task == "vqa")
    return show_faults(*open_question_dataset(options.data, options.split, {.max_fault_share = 1}), options);
  if (options.task == "instruct")
    return show_faults(*open_instruction_dataset(options.data, options.split, {.images = options.images, .max_fault_share = 1}),
                       options);
  return show_faults(*open_detection_dataset(options.data, options.split, {.max_fault_share = 1}), options);
}

}  // namespace

void add_validate(CLI::App& app) {
  auto options = std::make_shared<ValidateOptions>();
  CLI::App& command = *app.add_subcommand("validate", "list what is wrong with a data set");
  command
      .add_option("--data", options->data,
                  "kind and place. detection: world, coco, voc, yolo, odvg; segmentation: world, coco, sa1b, labels, voc, yolo; "
                  "caption: world, "
                  "coco, blip, folder, webdataset; vqa: world, jsonl, vqa; instruct: llava")
      ->required()
      ->type_name("KIND:PATH");
  command.add_option("--task", options->task, "what the data are for: detection, segmentation, caption, vqa or instruct")
      ->check(CLI::IsMember({"detection", "segmentation", "caption", "vqa", "instruct"}))
      ->capture_default_str()
      ->type_name("T");
  command.add_option("--split", options->split, "part of the data set")->type_name("S");
  command.add_option("--images", options->images, "instruct: where the pictures are, if not beside the file or in images/ there")
      ->type_name("DIR");
  command
      .add_option("--max-fault-share", options->max_fault_share,
                  "status 1 where a larger share of the samples, boxes or masks is left out")
      ->capture_default_str()
      ->type_name("X");
  add_run_flags(command, *options);
  add_command(command, "omma validate --data voc:my-data --split train", [options] { return run_validate(*options); });
}

}  // namespace omma::app
