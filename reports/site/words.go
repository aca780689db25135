package site

import "nerbench/ner"

// tierMeanings explains the tiers.
var tierMeanings = [][2]string{
	{"¶ published", "printed in a paper; never ranked with measured results"},
	{"○ self-reported", "a bundle that its submitter signed; its answers were scored again here"},
	{"◐ spot-checked", "another signer asked the model again for passages drawn by the checksum of the bundle, without a significant difference"},
	{"● reproduced", "a full run by another signer, without a significant difference"},
	{"× withdrawn", "taken back; the entry stays, without numbers"},
}

// outcomeMeanings explains the outcomes of queries.
var outcomeMeanings = [][2]string{
	{string(ner.OK), "a well-formed answer with at least one mention"},
	{string(ner.Empty), "a well-formed answer without a mention"},
	{string(ner.Repaired), "parsed by a lenient step of the parser"},
	{string(ner.Truncated), "cut off at the token limit"},
	{string(ner.Blank), "no text"},
	{string(ner.NoStructure), "text without the format of the prompt family"},
	{string(ner.Malformed), "the format begins, but cannot be parsed"},
	{string(ner.Unusable), "parsed, but every item was dropped"},
	{string(ner.TooLong), "not sent: the context of the model is too small"},
	{string(ner.Refused), "the server or the model refused the query"},
	{string(ner.Filtered), "a content filter ended the answer"},
	{string(ner.ToolCall), "a call of a tool instead of an answer"},
	{string(ner.Failed), "no answer after all retries"},
}
