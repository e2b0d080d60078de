// Segmentation data of any origin in one form: pictures and the masks of the objects in them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/dataset_report.h"
#include "omma/io/image_file.h"
#include "omma/vision/boxes.h"
#include "omma/vision/image.h"
#include "omma/vision/mask.h"

namespace omma {

struct SegmentationTarget {
  RunLengths mask = {};       // of the picture's size, at least one pixel set
  Box box = {};               // tight around it
  double area = 0;            // as annotated, else the mask's pixels
  std::string category = {};  // "nucleus"; "object" where the data name none
  int category_index = -1;    // into SegmentationDataset::categories()
  bool crowd = false;         // one mask around many (COCO iscrowd)
};

struct SegmentationSample {
  std::string key = {};  // names the sample in messages: its picture's file name, or its number
  int width = 0;         // of the picture, as the labels say until it is loaded
  int height = 0;
  std::vector<SegmentationTarget> targets = {};
};

struct SegmentedImage {
  SegmentationSample sample;
  Image image;
};

// All access is const and thread-safe. The masks of a sample are made when it is asked for: a large data set costs little memory.
class SegmentationDataset {
 public:
  virtual ~SegmentationDataset() = default;

  virtual std::size_t size() const = 0;

  // Throws SampleFault where its labels, in a file of their own, can no longer be read.
  virtual SegmentationSample sample(std::size_t index) const = 0;

  // The sample's, without its labels being read.
  virtual std::string key(std::size_t index) const { return sample(index).key; }

  // Throws std::invalid_argument where the picture is missing or broken; load() also SampleFault where the masks are of another
  // size than the picture.
  virtual Image image(std::size_t index) const = 0;

  // Whether the picture is there at all; it may still be broken.
  virtual bool has_image(std::size_t index) const = 0;

  // Both at once, the masks of the picture's own size.
  virtual SegmentedImage load(std::size_t index) const = 0;

  virtual const std::vector<std::string>& categories() const = 0;

  // What was wrong with the labels: faulty masks were left out, and so were faulty samples.
  virtual const DatasetReport& report() const = 0;
};

struct SegmentationDatasetOptions {
  std::filesystem::path images = {};  // where the pictures are, if not where the format puts them
  ImageLimits image_limits = {};
  // Of the pictures that are left out, and of the masks: where either is more, or no picture or mask is left, the data set is
  // refused; 1: never.
  double max_fault_share = .05;
  // Read and check all labels when the data set is opened. Without it what is wrong with a sample costs its masks silently, and
  // the labels are read as they are used: for millions of files.
  bool check_labels = true;
};

// `spec` is KIND:PATH with KIND one of
//   world   PATH "" or "seed=7,count=500,size=128,emblems=.5"; split is one of split.h, else train. An emblem is three masks,
//           each in the one before, of the categories "emblem", "inner shape" and "mark";
//   coco    PATH an instances JSON, or a folder, as for open_detection_dataset(). A segmentation is a list of polygons, each drawn
//           by pycocotools' rule and all of one annotation united, or run lengths, {"size": [h, w], "counts"} with a list or
//           COCO's compressed string;
//   sa1b    PATH a folder of JSON files, each beside its picture, as SA-1B and segment-anything's amg.py write them; a split is a
//           sub-folder;
//   labels  PATH a folder of images/ and labels/ (or masks/), with a PNG for each picture: every value above 0 is an object. A
//           split is a sub-folder with these, or a sub-folder of each of these;
//   voc     PATH a folder of JPEGImages/ and SegmentationObject/, split by ImageSets/Segmentation/SPLIT.txt or splits/SPLIT.txt;
//           the object of value n is the n-th of Annotations/, where that is there, and 255 is none;
//   yolo    PATH a data.yaml as Ultralytics reads it, or a folder with one; the labels' lines are polygons.
// An empty split means all of it (world: train). A polygon that passes the border by more than half a pixel is cut off and
// reported. The picture's own size counts, upright, not the labels': where these tell the stored size of a turned photograph,
// polygons are still taken as the upright picture's; run lengths of another size than the picture fit nothing. Throws
// std::invalid_argument naming the file and field where the data set as a whole cannot be read or is over max_fault_share; faults
// of single samples go to report().
std::unique_ptr<SegmentationDataset> open_segmentation_dataset(std::string_view spec, std::string_view split,
                                                               const SegmentationDatasetOptions& options = {});

}  // namespace omma
