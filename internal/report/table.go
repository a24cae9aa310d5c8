package report

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Table prints rows in aligned columns under a header in upper case.
func Table(w io.Writer, header []string, rows [][]string) error {
	var buffer bytes.Buffer
	table := tabwriter.NewWriter(&buffer, 0, 0, 2, ' ', 0)
	if err := writeRow(table, strings.Split(strings.ToUpper(strings.Join(header, "\t")), "\t")); err != nil {
		return err
	}
	for _, row := range rows {
		// A cell that is missing would end its column for the rows around it.
		row = append(slices.Clone(row), make([]string, max(0, len(header)-len(row)))...)
		if err := writeRow(table, row); err != nil {
			return err
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(buffer.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func writeRow(w io.Writer, cells []string) error {
	safe := make([]string, len(cells))
	for i, cell := range cells {
		safe[i] = clean(cell)
	}
	_, err := io.WriteString(w, strings.Join(safe, "\t")+"\n")
	return err
}

// Lines prints lines of text, without what a terminal would take for commands.
func Lines(w io.Writer, lines []string) error {
	buffered := bufio.NewWriter(w)
	for _, line := range lines {
		_, _ = buffered.WriteString(clean(line))
		_ = buffered.WriteByte('\n')
	}
	return buffered.Flush()
}
