# What every program in R shares: the data of one piece of work (doubles, column after column, in data.bin) and a way to time it.
suppressMessages(library(survey))
args <- commandArgs(trailingOnly = TRUE)
folder <- args[1]
given <- jsonlite::fromJSON(file.path(folder, "given.json"), simplifyVector = TRUE)
columns <- jsonlite::fromJSON(file.path(folder, "columns.json"))
con <- file(file.path(folder, "data.bin"), "rb")
df <- as.data.frame(setNames(lapply(columns$names, function(name) readBin(con, "double", columns$rows)), columns$names))
close(con)
for (m in names(given$targets)) df[[m]] <- factor(as.character(df[[m]]), levels = names(given$targets[[m]]))
timed <- function(work) {
  t <- system.time(result <- work())
  list(result = result, seconds = t[["elapsed"]], cpu = t[["user.self"]] + t[["sys.self"]])
}
done <- function(values, figures) {
  con <- file(file.path(folder, "values.bin"), "wb")
  writeBin(as.double(values), con)
  close(con)
  cat(sprintf('{"seconds": %.4f, "cpu": %.4f, "kib": 0}\n', figures$seconds, figures$cpu))
}
