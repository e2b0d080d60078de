// omma eval segmentation: how well a segmenter finds the objects of a data set.
#include <memory>
#include <set>

#include "apps/automatic_flags.h"
#include "apps/eval.h"
#include "apps/training_split.h"
#include "omma/base/error.h"
#include "omma/eval/segmentation_evaluation.h"
#include "omma/models/zoo.h"
#include "omma/vision/ground.h"

namespace omma::app {
namespace {

struct EvalSegmentationOptions : CommonOptions {
  JudgedData judged;
  std::vector<std::string> prompts = {"points", "box", "everything"};
  bool by_ground = false;
  SegmentationEvaluationOptions segmentation;
  AutomaticFlags automatic;
  double max_fault_share = .05;
};

int run_eval_segmentation(EvalSegmentationOptions options) {
  apply(options);
  const SegmentationDatasetOptions dataset_options{.max_fault_share = options.max_fault_share};
  const auto open = [&](const std::string& data, const std::string& split) {
    return open_segmentation_dataset(data, split, dataset_options);
  };
  const std::shared_ptr<const SegmentationDataset> dataset = open(options.judged.data, options.judged.split);
  log_faults(dataset->report(), options.judged.data);

  SegmentationEvaluationOptions& segmentation = options.segmentation;
  const std::set<std::string> prompts(options.prompts.begin(), options.prompts.end());
  segmentation.points = prompts.contains("points");
  segmentation.random_clicks = prompts.contains("random");
  segmentation.boxes = prompts.contains("box");
  segmentation.everything = prompts.contains("everything");
  if (options.by_ground) segmentation.group = [](const Image& image) { return std::string(kind_of_ground(image)); };
  if (segmentation.everything) {
    const auto training = open_training_split<SegmentationDataset>(options.judged, *dataset, open);
    segmentation.training =
        training.dataset ? training_counts(*training.dataset) : TrainingCounts{.means = {}, .absent = training.absent};
  }

  const auto directory = find_model_for("segment", options.model);
  const auto segmenter = load_segmenter(directory, options.automatic.over(load_options(options)));
  segmentation.automatic = options.automatic.over(segmenter->automatic_defaults());
  LeftOutPictures left_out(options.judged.data, dataset->size(), options.max_fault_share);
  json line = evaluate_segmentation(*segmenter, *dataset, segmentation, left_out).to_json();
  line["model"] = directory.string();
  line["data"] = options.judged.data;
  line["split"] = options.judged.split;
  DatasetReport faults = dataset->report();
  faults.append(left_out.report());
  if (faults.total() > 0) line["data_faults"] = faults.summary();
  print_figures(line, options.json);
  return kDone;
}

}  // namespace

void add_eval_segmentation(CLI::App& eval) {
  auto options = std::make_shared<EvalSegmentationOptions>();
  SegmentationEvaluationOptions& segmentation = options->segmentation;
  CLI::App& command =
      *eval.add_subcommand("segmentation", "mIoU after clicks and of boxes; recall, AP and count of automatic masks");
  command.add_option("--data", options->judged.data, "world, coco, sa1b, labels, voc or yolo, and where it is")
      ->required()
      ->type_name("KIND:PATH");
  command.add_option("--split", options->judged.split, "part of the data set")->capture_default_str()->type_name("S");
  add_training_flag(command, options->judged);
  command
      .add_option("--prompts", options->prompts,
                  "points, random (clicks anywhere in what is wrong), box, everything; joined by commas")
      ->delimiter(',')
      ->check(CLI::IsMember({"points", "random", "box", "everything"}))
      ->capture_default_str()
      ->type_name("LIST");
  command.add_option("--count", segmentation.max_pictures, "pictures, the first of the data set; default: all")->type_name("N");
  command.add_option("--max-objects", segmentation.max_objects, "objects of a picture that points and boxes ask for; default: all")
      ->type_name("N");
  command.add_flag("--single-mask", segmentation.single_mask, "one mask, not three, answers the first click");
  command.add_option("--seed", segmentation.seed, "of random clicks")->capture_default_str()->type_name("S");
  command.add_flag("--by-ground", options->by_ground, "judge dark, coloured and light pictures apart, too");
  options->automatic.add_to(command);
  add_fault_share_flag(command, options->max_fault_share);
  add_model_flags(command, *options);
  add_command(command, "omma eval segmentation --data coco:my-data --split val --prompts points,box",
              [options] { return run_eval_segmentation(*options); });
}

}  // namespace omma::app
