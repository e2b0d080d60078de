// CapFilt (Li et al. 2022, BLIP, section 3.3) over data of any size: a captioner writes a text for each picture, and a filter
// keeps, of it and of the text from the web, what describes the picture.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "omma/base/json.h"
#include "omma/jobs/shard_job.h"
#include "omma/tasks/captioner.h"
#include "omma/tasks/matcher.h"

namespace omma {

struct BootstrapOptions {
  std::string data;  // KIND:PATH, see caption_dataset.h
  std::string split = {};
  std::filesystem::path out;
  json models = json::object();  // what names the two in job.json: a job is not continued with others
  double threshold = .5;         // a text is kept whose matching probability is at least this
  double top_p = .9;             // of nucleus sampling
  std::uint64_t seed = 0;        // of sampling, with each sample's key
  int samples_per_shard = 1000;  // of data that is not in shards already
  JobRank rank = {};
  // These may change between runs of one job:
  int batch = 8;                 // pictures
  double max_fault_share = .05;  // of the samples seen so far; 1: never too many
  int threads = 1;               // that decode pictures
};

// Writes into `out`, as a ShardJob does, of shard 17: clean-000017.tar with the samples of which a text was kept, each with its
// picture's file as it was and the text (.txt) or texts (.json {"caption": [...]}), which open_caption_dataset reads; absent where
// there is none; and records-000017.jsonl with a BootstrapRecord for every sample, then one for each that was left out by the
// reader. When all shards are done, whatever rank's, also summary.json and contact.png.
//
// Pictures that cannot be read, samples that the reader left out and texts that cannot be judged are faults: recorded, counted, and
// where they are more than max_fault_share of the samples (from a hundred samples on, and at the end) std::invalid_argument ends
// the run; what is done stays. Captions are sampled under a seed of their own, so that a resumed job equals an uninterrupted one.
//
// Returns the summary, or {"shards", "done"} where other ranks are not finished. Throws also what ShardJob and the models throw.
json bootstrap(Captioner& captioner, Matcher& filter, const BootstrapOptions& options);

}  // namespace omma
