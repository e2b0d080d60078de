// Instruction data as LLaVA's were made (Liu et al. 2023, section 3): a teacher that gets a picture in words alone writes
// conversations, detailed descriptions and questions that take reasoning.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/jobs/questioning.h"
#include "omma/jobs/shard_job.h"
#include "omma/jobs/teacher.h"

namespace omma {

struct InstructOptions {
  std::string data = {};  // KIND:PATH, see picture_texts.h
  std::string split = {};
  std::filesystem::path out = {};
  json teacher = json::object();  // what names it in job.json: a job is not continued with another
  std::vector<InstructKind> kinds = {InstructKind::conversation, InstructKind::detail, InstructKind::reasoning};
  std::uint64_t seed = 0;  // of the teacher, with each picture's key
  std::int64_t count = 0;  // of pictures, the first ones; 0: all
  int pictures_per_shard = 100;
  JobRank rank = {};
  // These may change between runs of one job:
  int parallel = 1;              // questions to the teacher at once, each with a teacher of its own
  Budget budget = {};            // of all runs together
  double max_fault_share = .05;  // of the data's records, and of the questions without a reply; 1: never too many
};

// Writes into `out`, as a ShardJob does, of shard 17: replies-000017.jsonl, the ledger, to which each reply is added, and flushed,
// the moment that it comes (ReplyLedger); records-000017.jsonl with an InstructRecord for each picture and kind; and the pictures
// that are in no file yet, in images/. At the end of each run instruct.json in LLaVA's form, summary.json, prompts.json and
// index.html, made of all replies that there are.
//
// A killed job asks for nothing twice: what is in a ledger is taken from there, and the files are those of an uninterrupted run,
// whatever `parallel` was. What the teacher fails to answer is a fault: recorded, the others go on, and where they are more than
// max_fault_share of the questions (from a hundred on, and at the end) std::invalid_argument ends the run; what is done stays. In
// a shard that was not finished they are asked again.
//
// Returns the summary, with "stopped": "max_requests" or "max_tokens_total" where the budget ended the run before all was asked; or
// {"shards", "done"} where other ranks are not finished. Throws also what ShardJob and the data set throw.
json instruct(const TeacherMaker& teacher, const InstructOptions& options);

}  // namespace omma
