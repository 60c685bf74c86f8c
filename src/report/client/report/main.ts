/** The page of `asp report`: its data -> plots and tables. */
import { element, pageData, pageRoot } from '../shared/dom.js'

const { title } = pageData<{ title: string }>()
pageRoot().replaceChildren(element('h1', {}, title))
