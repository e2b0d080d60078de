// The validator: every label and every picture of a data set looked at before a training run spends hours on it.
#pragma once

#include "omma/data/caption_dataset.h"
#include "omma/data/detection_dataset.h"
#include "omma/data/instruction_dataset.h"
#include "omma/data/question_dataset.h"
#include "omma/data/segmentation_dataset.h"

namespace omma {

// The data set's own report (labels or texts) and, unless `read_pictures` is off, what is wrong with its pictures: missing,
// unreadable, of another size than the labels say; those that a training leaves out count as left out. Reads every picture on up
// to `threads` threads; never throws for a faulty sample.
DatasetReport validate(const DetectionDataset& dataset, int threads, bool read_pictures = true);
DatasetReport validate(const CaptionDataset& dataset, int threads, bool read_pictures = true);
DatasetReport validate(const QuestionDataset& dataset, int threads, bool read_pictures = true);
DatasetReport validate(const SegmentationDataset& dataset, int threads, bool read_pictures = true);
DatasetReport validate(const InstructionDataset& dataset, int threads, bool read_pictures = true);

}  // namespace omma
