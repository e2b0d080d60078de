// Pascal VOC's boxes.
#include <algorithm>
#include <set>

#include "omma/base/error.h"
#include "omma/data/detection_collector.h"
#include "omma/data/record_dataset.h"
#include "omma/data/voc_files.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

const VocNaming voc_annotations{.lists = {"splits", fs::path("ImageSets") / "Main"}, .folder = "Annotations", .extension = ".xml"};

class VocReader {
 public:
  VocReader(fs::path root, const DetectionDatasetOptions& options)
      : root_(std::move(root)),
        images_(options.images.empty() ? root_ / "JPEGImages" : options.images),
        finder_({images_, root_}),
        class_phrases_(options.class_phrases),
        phrases_(options.class_phrases),
        collector_(options) {}

  void read(const std::string& name) {
    if (!names_.insert(name).second) return collector_.report().leave_out_record(DatasetFault::duplicate_id, name, "listed twice");
    try {
      read_annotation(name);
    } catch (const std::invalid_argument& error) {
      collector_.report().leave_out_record(DatasetFault::malformed_record, name, error.what());
    }
  }

  // The classes are those of the map, or without one those met, in alphabetical order.
  std::unique_ptr<DetectionDataset> finish() {
    expect_classes();
    const std::set<std::string> classes = class_phrases_.empty() ? met_ : given_classes();
    for (const std::string& name : classes) phrases_.add(name);
    for (std::size_t i = 0; i < collector_.size(); ++i)
      for (DetectionTarget& target : collector_.sample(i).targets) {
        target.class_index = phrases_.add(target.phrase);
        target.phrase = phrases_.phrases()[static_cast<std::size_t>(target.class_index)];
      }
    return collector_.finish(phrases_.phrases(), root_.string());
  }

 private:
  std::set<std::string> given_classes() const {
    std::set<std::string> names;
    for (const auto& [name, phrase] : class_phrases_) names.insert(name);
    return names;
  }

  // A class of the map may be absent from a split, but not from the whole data set, which is looked through in this rare case.
  void expect_classes() {
    const auto is_met = [&](const auto& entry) { return met_.contains(entry.first); };
    if (std::ranges::all_of(class_phrases_, is_met)) return;
    for (const std::string& name : voc_names(root_, "", voc_annotations)) {
      if (names_.contains(name)) continue;
      try {
        for (const VocObject& object : read_voc_annotation(root_, name).objects) met_.insert(object.name);
      } catch (const std::invalid_argument&) {  // of another split: none of this one's faults
      }
    }
    for (const auto& [name, phrase] : class_phrases_)
      check(met_.contains(name), "{}: no class is called \"{}\" (for which the phrase \"{}\" was given); the classes are {}",
            root_.string(), name, phrase, fmt::join(met_, ", "));
  }

  void read_annotation(const std::string& name) {
    const VocAnnotation annotation = read_voc_annotation(root_, name);
    DetectionSample sample;
    sample.key = name;
    sample.width = annotation.size.width;
    sample.height = annotation.size.height;
    const std::size_t place =
        collector_.add_picture(std::move(sample), find_voc_picture(images_, finder_, name, annotation.filename));
    for (const VocObject& object : annotation.objects) add_object(object, place);
  }

  void add_object(const VocObject& object, std::size_t place) {
    const std::string key = collector_.sample(place).key;
    DatasetReport& report = collector_.report();
    if (object.name.empty()) return report.leave_out_object(DatasetFault::unknown_class, key, "an object without a <name>");
    met_.insert(object.name);
    if (!class_phrases_.empty() && !class_phrases_.contains(object.name))  // not asked for
      return report.add(DatasetFault::unknown_class, key, fmt::format("class \"{}\"", object.name));
    if (!object.edges) return report.leave_out_object(DatasetFault::malformed_box, key, object.fault);
    DetectionTarget target;
    target.phrase = object.name;  // until the classes are known
    target.ignore = object.difficult;
    collector_.add_box(place, std::move(target), *object.edges);
  }

  fs::path root_;
  fs::path images_;
  PictureFinder finder_;
  std::map<std::string, std::string> class_phrases_;
  PhraseSet phrases_;
  DetectionCollector collector_;
  std::set<std::string> names_;
  std::set<std::string> met_;  // classes
};

}  // namespace

std::unique_ptr<DetectionDataset> open_voc(const fs::path& path, std::string_view split, const DetectionDatasetOptions& options) {
  check(fs::is_directory(path / "Annotations"), "{}: expected a folder with Annotations/", path.string());
  VocReader reader(path, options);
  for (const std::string& name : voc_names(path, split, voc_annotations)) reader.read(name);
  return reader.finish();
}

}  // namespace omma
