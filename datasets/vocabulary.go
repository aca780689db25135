package datasets

// The closed vocabularies of dataset files.
var (
	// Domains are the nine domains of Table 6, in its order.
	Domains = []string{"general", "biomed", "clinics", "stem", "programming", "social-media", "law", "finance", "transportation"}
	// AccessKinds are the conditions of access to the files of a dataset.
	AccessKinds = []string{"open", "non-commercial", "agreement", "paid"}
	// Overlaps are the kinds of overlap between spans in the native files.
	Overlaps = []string{"flat", "nested", "discontinuous"}
	// SourceKinds are the kinds of official sources. The kind dua needs an access
	// agreement, ldc a licence of the Linguistic Data Consortium.
	SourceKinds = []string{"github", "huggingface", "url", "ftp", "dua", "ldc"}
	// Families are the native format families. Not all of them have a loader.
	Families = []string{
		"conll", "documents",
		"ace-apf", "bc2gm-native", "bioc-json", "bioc-xml", "brat", "chemdner-tsv", "clef-pipe", "conll-2012", "conll-layered",
		"conllu", "csv-offsets", "csv-tokens", "dygie-json", "ebmnlp-native", "genia-xml", "hf-parquet", "i2b2-2006-xml", "i2b2-con", "i2b2-tags-xml",
		"instructuie-json", "json-index", "jsonl-spans", "jsonl-tokens", "mrc-json", "nersuite", "oneie-jsonl", "pubtator", "scirex-json", "sofc-layers", "spert-json", "uniner-json", "webanno-tsv",
	}
	// Schemes are the tag schemes of column files.
	Schemes = []string{"iob2", "iob1", "io", "bioes", "bilou", "bmes", "b/e"}
	// Separators are the separators of CSV fields.
	Separators = []string{"comma", "semicolon", "tab"}
	// OffsetUnits are the units of offsets in the family documents.
	OffsetUnits = []string{"code-points", "utf-16", "bytes", "tokens"}

	// Cuts are the ways in which a view splits documents: by the sentence splitter of
	// package loaders, or at line feeds.
	Cuts = []string{"sentences", "lines"}

	// TextUses are the uses of a file that is meant for others, the default first.
	TextUses = []TextRule{PublishText, NonCommercialText}

	textRules    = []TextRule{"", PublishText, NonCommercialText, NeverText}
	labelRules   = []LabelRule{"", BeforeHyphen, SemPrefix, Single, WithoutSuffix, PositionLast}
	goldRules    = []UniNERGold{"", NativeGold, WithoutSentenceFinal}
	views        = []View{ViewAll, ViewAllButLast, ViewSameAsTest, ViewMarks, ViewSample, ViewSplitter, ViewConversion, ViewUnknown}
	countStatus  = []string{"exact", "near", "no"}
	verification = []string{"yes", "partly", "no"}
)
