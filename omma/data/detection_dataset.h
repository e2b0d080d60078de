// Detection data of any origin in one form: pictures, boxes, and the phrases that name them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/dataset_report.h"
#include "omma/io/image_file.h"
#include "omma/text/text_span.h"
#include "omma/vision/boxes.h"
#include "omma/vision/image.h"

namespace omma {

struct DetectionTarget {
  Box box = {};                      // pixels, inside the picture, area above 0
  std::string phrase = {};           // "red blood cell"
  int class_index = -1;              // into DetectionDataset::phrases(); -1 where the set is open
  bool crowd = false;                // one box around many (COCO iscrowd): detections inside are neither right nor wrong
  bool ignore = false;               // marked difficult: not counted when missed
  std::vector<TextSpan> spans = {};  // of the caption, where there is one
};

struct DetectionSample {
  std::string key = {};  // names the sample in messages: file name or scene number
  int width = 0;         // of the picture, as the labels say until it is loaded
  int height = 0;
  std::vector<DetectionTarget> targets = {};
  std::optional<std::string> caption = {};  // grounding data: what the spans refer to
};

struct LabelledImage {
  DetectionSample sample;
  Image image;
};

// All access is const and thread-safe. Labels are read and checked when the data set is opened; pictures when they are asked for.
class DetectionDataset {
 public:
  virtual ~DetectionDataset() = default;

  virtual std::size_t size() const = 0;
  virtual DetectionSample sample(std::size_t index) const = 0;

  // Throws std::invalid_argument where the picture is missing or broken; load() also SampleFault where the labels are of another
  // size than the picture.
  virtual Image image(std::size_t index) const = 0;

  // Whether the picture is there at all; it may still be broken.
  virtual bool has_image(std::size_t index) const = 0;

  // Both at once: the world draws them together.
  virtual LabelledImage load(std::size_t index) const { return {sample(index), image(index)}; }

  // The closed set of phrases that class_index points into; empty where each sample brings its own.
  virtual const std::vector<std::string>& phrases() const = 0;

  // What was wrong with the labels: faulty boxes were clipped or dropped, faulty samples left out.
  virtual const DatasetReport& report() const = 0;
};

// What the world's targets are called: "dog"; "red dog"; or as a caption names them.
enum class WorldPhrases { names, pairs, captions };

struct DetectionDatasetOptions {
  // Class name in the file to phrase. coco, yolo, odvg: classes that are not here keep their name. voc, which has no list of
  // classes of its own: the closed set, if any is given. A name that the data do not have is the caller's mistake.
  std::map<std::string, std::string> class_phrases = {};
  std::filesystem::path images = {};     // where the pictures are, if not where the format puts them
  std::filesystem::path label_map = {};  // odvg: JSON object from label number to class name
  ImageLimits image_limits = {};
  // Of the pictures that are left out, and of the boxes: where either is more, or no picture or box is left, the data set is
  // refused; 1: never.
  double max_fault_share = .05;
  // The world:
  std::uint64_t seed = 0;
  std::int64_t count = 1000;
  int size = 128;
  WorldPhrases phrases = WorldPhrases::names;
};

// `spec` is KIND:PATH with KIND one of
//   world  PATH "" or "seed=7,count=500,size=128,phrases=pairs", which override the options; together=.8 of the names bring their
//          partners along (scene.h); split is one of split.h;
//   coco   PATH an instances JSON (pictures in images/ beside it, or beside it), or a folder with SPLIT/annotations.json,
//          SPLIT.json, annotations.json or annotations/instances_SPLIT*.json (pictures in the part after "instances_", or images/);
//   voc    PATH a folder of Annotations/, JPEGImages/ and splits/SPLIT.txt or ImageSets/Main/SPLIT.txt. Boxes are read as
//          continuous edges, without the format's original one-based counting of pixels;
//   yolo   PATH a data.yaml as Ultralytics reads it, or a folder with one; split is train, val or test;
//   odvg   PATH a JSON-lines file, detection or grounding form (pictures as for coco), or a folder with SPLIT.jsonl. Several lines
//          of one picture are one sample, their captions joined.
// An empty split means all of it (world: train); a file is taken whole, whatever the split (but a data.yaml's). A box that passes
// the border by more than half a pixel is clipped and reported. The picture's own size counts, upright, not the labels': where
// these tell the stored size of a turned photograph, the boxes are still taken as the upright picture's. Throws
// std::invalid_argument naming the file and field where the data set as a whole cannot be read or is over max_fault_share; faults
// of single samples go to report().
std::unique_ptr<DetectionDataset> open_detection_dataset(std::string_view spec, std::string_view split,
                                                         const DetectionDatasetOptions& options = {});

}  // namespace omma
